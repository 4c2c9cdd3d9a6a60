package main

import "encoding/json"

// The part of an AdmissionRequest and of a Pod that the API reference has and a policy is likely to carry along.

type admissionRequest struct {
	UID             string `json:"uid"`
	Kind            kind   `json:"kind"`
	Resource        kind   `json:"resource"`
	RequestKind     kind   `json:"requestKind"`
	RequestResource kind   `json:"requestResource"`
	Name            string `json:"name"`
	Namespace       string `json:"namespace"`
	Operation       string `json:"operation"`
	UserInfo        user   `json:"userInfo"`
	DryRun          bool   `json:"dryRun"`
	Object          pod    `json:"object"`
	OldObject       *pod   `json:"oldObject"`
	Options         any    `json:"options"`
}

type kind struct {
	Group    string `json:"group"`
	Version  string `json:"version"`
	Kind     string `json:"kind"`
	Resource string `json:"resource"`
}

type user struct {
	Username string              `json:"username"`
	UID      string              `json:"uid"`
	Groups   []string            `json:"groups"`
	Extra    map[string][]string `json:"extra"`
}

type pod struct {
	Kind       string   `json:"kind"`
	APIVersion string   `json:"apiVersion"`
	Metadata   metadata `json:"metadata"`
	Spec       podSpec  `json:"spec"`
	Status     any      `json:"status"`
}

type metadata struct {
	Name              string            `json:"name"`
	GenerateName      string            `json:"generateName"`
	Namespace         string            `json:"namespace"`
	UID               string            `json:"uid"`
	CreationTimestamp string            `json:"creationTimestamp"`
	Labels            map[string]string `json:"labels"`
	Annotations       map[string]string `json:"annotations"`
	OwnerReferences   []ownerReference  `json:"ownerReferences"`
	ManagedFields     []managedField    `json:"managedFields"`
}

type ownerReference struct {
	APIVersion         string `json:"apiVersion"`
	Kind               string `json:"kind"`
	Name               string `json:"name"`
	UID                string `json:"uid"`
	Controller         *bool  `json:"controller"`
	BlockOwnerDeletion *bool  `json:"blockOwnerDeletion"`
}

type managedField struct {
	Manager    string          `json:"manager"`
	Operation  string          `json:"operation"`
	APIVersion string          `json:"apiVersion"`
	Time       string          `json:"time"`
	FieldsType string          `json:"fieldsType"`
	FieldsV1   json.RawMessage `json:"fieldsV1"`
}

type podSpec struct {
	Volumes            []volume          `json:"volumes"`
	InitContainers     []container       `json:"initContainers"`
	Containers         []container       `json:"containers"`
	RestartPolicy      string            `json:"restartPolicy"`
	DNSPolicy          string            `json:"dnsPolicy"`
	NodeSelector       map[string]string `json:"nodeSelector"`
	ServiceAccountName string            `json:"serviceAccountName"`
	NodeName           string            `json:"nodeName"`
	HostNetwork        bool              `json:"hostNetwork"`
	HostPID            bool              `json:"hostPID"`
	HostIPC            bool              `json:"hostIPC"`
	SecurityContext    *securityContext  `json:"securityContext"`
	SchedulerName      string            `json:"schedulerName"`
	Tolerations        []toleration      `json:"tolerations"`
	PriorityClassName  string            `json:"priorityClassName"`
	Priority           *int32            `json:"priority"`
}

type container struct {
	Name                     string           `json:"name"`
	Image                    string           `json:"image"`
	Command                  []string         `json:"command"`
	Args                     []string         `json:"args"`
	WorkingDir               string           `json:"workingDir"`
	Ports                    []port           `json:"ports"`
	Env                      []variable       `json:"env"`
	Resources                resources        `json:"resources"`
	VolumeMounts             []mount          `json:"volumeMounts"`
	LivenessProbe            *probe           `json:"livenessProbe"`
	ReadinessProbe           *probe           `json:"readinessProbe"`
	SecurityContext          *securityContext `json:"securityContext"`
	ImagePullPolicy          string           `json:"imagePullPolicy"`
	TerminationMessagePath   string           `json:"terminationMessagePath"`
	TerminationMessagePolicy string           `json:"terminationMessagePolicy"`
}

type port struct {
	Name          string `json:"name"`
	ContainerPort int32  `json:"containerPort"`
	Protocol      string `json:"protocol"`
}

type variable struct {
	Name      string         `json:"name"`
	Value     string         `json:"value"`
	ValueFrom map[string]any `json:"valueFrom"`
}

type resources struct {
	Limits   map[string]any `json:"limits"`
	Requests map[string]any `json:"requests"`
}

type mount struct {
	Name      string `json:"name"`
	MountPath string `json:"mountPath"`
	SubPath   string `json:"subPath"`
	ReadOnly  bool   `json:"readOnly"`
}

type probe struct {
	HTTPGet             map[string]any `json:"httpGet"`
	Exec                map[string]any `json:"exec"`
	InitialDelaySeconds int32          `json:"initialDelaySeconds"`
	TimeoutSeconds      int32          `json:"timeoutSeconds"`
	PeriodSeconds       int32          `json:"periodSeconds"`
	SuccessThreshold    int32          `json:"successThreshold"`
	FailureThreshold    int32          `json:"failureThreshold"`
}

type securityContext struct {
	Privileged               *bool          `json:"privileged"`
	RunAsUser                *int64         `json:"runAsUser"`
	RunAsGroup               *int64         `json:"runAsGroup"`
	RunAsNonRoot             *bool          `json:"runAsNonRoot"`
	ReadOnlyRootFilesystem   *bool          `json:"readOnlyRootFilesystem"`
	AllowPrivilegeEscalation *bool          `json:"allowPrivilegeEscalation"`
	Capabilities             map[string]any `json:"capabilities"`
	SeccompProfile           map[string]any `json:"seccompProfile"`
}

type toleration struct {
	Key               string `json:"key"`
	Operator          string `json:"operator"`
	Value             string `json:"value"`
	Effect            string `json:"effect"`
	TolerationSeconds *int64 `json:"tolerationSeconds"`
}

type volume struct {
	Name      string         `json:"name"`
	ConfigMap map[string]any `json:"configMap"`
	Secret    map[string]any `json:"secret"`
	EmptyDir  map[string]any `json:"emptyDir"`
	HostPath  map[string]any `json:"hostPath"`
	Projected map[string]any `json:"projected"`
}
