/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/author/scaffold/resource_kinds.h"

#include <string.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/json/tree.h"
#include "toolchain/command/files.h"

#define KEY_MAX ((size_t)4096)

#define CLUSTER(group, version, kind, plural) {group, version, kind, plural, false}
#define SPACED(group, version, kind, plural) {group, version, kind, plural, true}

#define ADMISSION "admissionregistration.k8s.io"
#define AUTHORIZATION "authorization.k8s.io"
#define NETWORKING "networking.k8s.io"
#define RBAC "rbac.authorization.k8s.io"
#define STORAGE "storage.k8s.io"
#define FLOWCONTROL "flowcontrol.apiserver.k8s.io"
#define KUBEWARDEN "policies.kubewarden.io"

/* Kubernetes 1.34's own, and Kubewarden's. */
static const struct resource_kind kinds[] = {
    SPACED("", "v1", "Binding", "bindings"),
    CLUSTER("", "v1", "ComponentStatus", "componentstatuses"),
    SPACED("", "v1", "ConfigMap", "configmaps"),
    SPACED("", "v1", "Endpoints", "endpoints"),
    SPACED("", "v1", "Event", "events"),
    SPACED("", "v1", "LimitRange", "limitranges"),
    CLUSTER("", "v1", "Namespace", "namespaces"),
    CLUSTER("", "v1", "Node", "nodes"),
    CLUSTER("", "v1", "PersistentVolume", "persistentvolumes"),
    SPACED("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    SPACED("", "v1", "Pod", "pods"),
    SPACED("", "v1", "PodTemplate", "podtemplates"),
    SPACED("", "v1", "ReplicationController", "replicationcontrollers"),
    SPACED("", "v1", "ResourceQuota", "resourcequotas"),
    SPACED("", "v1", "Secret", "secrets"),
    SPACED("", "v1", "Service", "services"),
    SPACED("", "v1", "ServiceAccount", "serviceaccounts"),
    CLUSTER(ADMISSION, "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
    CLUSTER(ADMISSION, "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies"),
    CLUSTER(ADMISSION, "v1", "ValidatingAdmissionPolicyBinding",
            "validatingadmissionpolicybindings"),
    CLUSTER(ADMISSION, "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
    CLUSTER(ADMISSION, "v1beta1", "MutatingAdmissionPolicy", "mutatingadmissionpolicies"),
    CLUSTER(ADMISSION, "v1beta1", "MutatingAdmissionPolicyBinding",
            "mutatingadmissionpolicybindings"),
    CLUSTER("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions"),
    CLUSTER("apiregistration.k8s.io", "v1", "APIService", "apiservices"),
    SPACED("apps", "v1", "ControllerRevision", "controllerrevisions"),
    SPACED("apps", "v1", "DaemonSet", "daemonsets"),
    SPACED("apps", "v1", "Deployment", "deployments"),
    SPACED("apps", "v1", "ReplicaSet", "replicasets"),
    SPACED("apps", "v1", "StatefulSet", "statefulsets"),
    CLUSTER("authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews"),
    CLUSTER("authentication.k8s.io", "v1", "TokenReview", "tokenreviews"),
    SPACED(AUTHORIZATION, "v1", "LocalSubjectAccessReview", "localsubjectaccessreviews"),
    CLUSTER(AUTHORIZATION, "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews"),
    CLUSTER(AUTHORIZATION, "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews"),
    CLUSTER(AUTHORIZATION, "v1", "SubjectAccessReview", "subjectaccessreviews"),
    SPACED("autoscaling", "v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    SPACED("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    SPACED("batch", "v1", "CronJob", "cronjobs"),
    SPACED("batch", "v1", "Job", "jobs"),
    CLUSTER("certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests"),
    SPACED("coordination.k8s.io", "v1", "Lease", "leases"),
    SPACED("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"),
    SPACED("events.k8s.io", "v1", "Event", "events"),
    CLUSTER(FLOWCONTROL, "v1", "FlowSchema", "flowschemas"),
    CLUSTER(FLOWCONTROL, "v1", "PriorityLevelConfiguration", "prioritylevelconfigurations"),
    CLUSTER(NETWORKING, "v1", "IngressClass", "ingressclasses"),
    CLUSTER(NETWORKING, "v1", "IPAddress", "ipaddresses"),
    CLUSTER(NETWORKING, "v1", "ServiceCIDR", "servicecidrs"),
    SPACED(NETWORKING, "v1", "Ingress", "ingresses"),
    SPACED(NETWORKING, "v1", "NetworkPolicy", "networkpolicies"),
    CLUSTER("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses"),
    SPACED("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    CLUSTER(RBAC, "v1", "ClusterRole", "clusterroles"),
    CLUSTER(RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings"),
    SPACED(RBAC, "v1", "Role", "roles"),
    SPACED(RBAC, "v1", "RoleBinding", "rolebindings"),
    CLUSTER("resource.k8s.io", "v1", "DeviceClass", "deviceclasses"),
    SPACED("resource.k8s.io", "v1", "ResourceClaim", "resourceclaims"),
    SPACED("resource.k8s.io", "v1", "ResourceClaimTemplate", "resourceclaimtemplates"),
    CLUSTER("resource.k8s.io", "v1", "ResourceSlice", "resourceslices"),
    CLUSTER("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses"),
    CLUSTER(STORAGE, "v1", "CSIDriver", "csidrivers"),
    CLUSTER(STORAGE, "v1", "CSINode", "csinodes"),
    CLUSTER(STORAGE, "v1", "StorageClass", "storageclasses"),
    CLUSTER(STORAGE, "v1", "VolumeAttachment", "volumeattachments"),
    CLUSTER(STORAGE, "v1", "VolumeAttributesClass", "volumeattributesclasses"),
    SPACED(STORAGE, "v1", "CSIStorageCapacity", "csistoragecapacities"),
    SPACED(KUBEWARDEN, "v1", "AdmissionPolicy", "admissionpolicies"),
    SPACED(KUBEWARDEN, "v1", "AdmissionPolicyGroup", "admissionpolicygroups"),
    CLUSTER(KUBEWARDEN, "v1", "ClusterAdmissionPolicy", "clusteradmissionpolicies"),
    CLUSTER(KUBEWARDEN, "v1", "ClusterAdmissionPolicyGroup", "clusteradmissionpolicygroups"),
    CLUSTER(KUBEWARDEN, "v1", "PolicyServer", "policyservers"),
};

static bool find_in_catalog(struct json_object *catalog, struct resource_kind *kind)
{
    struct chimera_buffer key;
    chimera_buffer_init(&key, KEY_MAX);
    chimera_buffer_print(&key, "%s|%s|%s", kind->group, kind->version, kind->kind);
    chimera_buffer_byte(&key, '\0');
    struct json_object *entry =
        key.failed ? NULL
                   : chimera_json_member(chimera_json_member(catalog, "resources"), key.data);
    struct json_object *plural = chimera_json_member(entry, "name");
    chimera_buffer_free(&key);
    if (!json_object_is_type(plural, json_type_string))
        return false;
    kind->plural = json_object_get_string(plural);
    kind->is_namespaced = json_object_get_boolean(chimera_json_member(entry, "namespaced"));
    return true;
}

bool resource_kind_find(struct json_object *catalog, struct resource_kind *kind)
{
    if (find_in_catalog(catalog, kind))
        return true;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(kinds[i].group, kind->group) != 0 ||
            strcmp(kinds[i].version, kind->version) != 0 || strcmp(kinds[i].kind, kind->kind) != 0)
            continue;
        kind->plural = kinds[i].plural;
        kind->is_namespaced = kinds[i].is_namespaced;
        return true;
    }
    return false;
}

bool resource_kind_of_name(const char *name, struct resource_kind *ret_kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (strcmp(kinds[i].kind, name) == 0) {
            *ret_kind = kinds[i];
            return true;
        }
    return false;
}

int resource_catalog_read(const char *path, struct json_object **ret_catalog,
                          struct chimera_error *err)
{
    struct chimera_buffer text;
    struct chimera_error why = {0};
    *ret_catalog = NULL;
    if (access(path, F_OK) < 0)
        return CHIMERA_OK;
    chimera_buffer_init(&text, FILES_TEXT_MAX);
    int code = files_read(path, "it cannot be read", &text, &why);
    if (code == 0)
        code = chimera_json_parse(chimera_buffer_slice(&text), ret_catalog, &why);
    chimera_buffer_free(&text);
    return code == 0 ? code : chimera_fail(err, code, "%.300s: %.600s", path, why.text);
}
