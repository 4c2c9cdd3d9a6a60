/* SPDX-License-Identifier: Apache-2.0 */
/* kubernetes_shapes.h - what is read of objects of Kubernetes: their metadata, and
 * ValidatingAdmissionPolicy and its binding, version 1, in the order in which Kubernetes' own
 * libraries write them. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SCAFFOLD_KUBERNETES_SHAPES_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SCAFFOLD_KUBERNETES_SHAPES_H

#include "runtime/json/shape.h"

extern const struct chimera_shape kubernetes_meta_shape, kubernetes_vap_shape,
    kubernetes_vap_binding_shape;

#endif
