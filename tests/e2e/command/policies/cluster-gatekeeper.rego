# SPDX-License-Identifier: Apache-2.0
# Refuses, and says what it found of the cluster.
package policy

violation contains {"msg": json.marshal(data.inventory)}
