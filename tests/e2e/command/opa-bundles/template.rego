# SPDX-License-Identifier: Apache-2.0
package template

violation contains {"msg": msg} if {
	some name in data.banned
	input.review.object.metadata.name == name
	msg := sprintf("%s is banned, %v", [name, input.parameters])
}
