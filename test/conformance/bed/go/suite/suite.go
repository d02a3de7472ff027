// Package suite pins the official conformance suite, whose tests are built from here.
package suite

import _ "sigs.k8s.io/gateway-api/conformance"
