{{/* The kinds of routes, for a list of resources. */}}
{{- define "gatehouse.routes" -}}
httproutes, grpcroutes, tlsroutes, tcproutes, udproutes
{{- end }}

{{/* What concerns the whole cluster, whichever namespaces are watched. */}}
{{- define "gatehouse.clusterRules" -}}
- apiGroups: [gateway.networking.k8s.io]
  resources: [gatewayclasses]
  # patch sets and removes the finalizer of a class that is in use.
  verbs: [get, list, watch, patch]
- apiGroups: [gateway.networking.k8s.io]
  resources: [gatewayclasses/status]
  verbs: [patch]
- apiGroups: [""]
  # Labels of namespaces decide about attachment; addresses of nodes are those of NodePort Services.
  resources: [namespaces, nodes]
  verbs: [get, list, watch]
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [get, list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
- apiGroups: [gatehouse.dev]
  resources: [hostnameclaims, namespacebudgets]
  verbs: [get, list, watch]
- apiGroups: [gatehouse.dev]
  # What a record says never changes: it is made and removed.
  resources: [hostnamerecords]
  verbs: [get, list, watch, create, delete]
- apiGroups: [gatehouse.dev]
  resources: [hostnamerecords/status]
  verbs: [patch]
- apiGroups: [gatehouse.dev]
  # What proxies have refused, which every replica may find: made and removed, never changed.
  resources: [quarantines]
  verbs: [get, list, watch, create, delete]
- apiGroups: [authentication.k8s.io]
  # Who asks for an explanation of a route or a request.
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  # What whoever asks, or applies a route, may be told.
  resources: [subjectaccessreviews]
  verbs: [create]
- apiGroups: [admissionregistration.k8s.io]
  # Its caBundle follows the certificate of the webhook.
  resources: [validatingwebhookconfigurations]
  resourceNames: [{{ include "gatehouse.name" . }}]
  verbs: [get, list, watch, patch]
{{- end }}

{{/* What is needed in every namespace that is watched. */}}
{{- define "gatehouse.namespaceRules" -}}
- apiGroups: [gateway.networking.k8s.io]
  resources: [gateways, listenersets, {{ include "gatehouse.routes" . }}, backendtlspolicies, referencegrants]
  verbs: [get, list, watch]
- apiGroups: [gateway.networking.k8s.io]
  resources:
    - gateways/status
    - listenersets/status
    - httproutes/status
    - grpcroutes/status
    - tlsroutes/status
    - tcproutes/status
    - udproutes/status
    - backendtlspolicies/status
  verbs: [patch]
- apiGroups: [gatehouse.dev]
  resources: [gatewayparameters]
  verbs: [get, list, watch]
- apiGroups: [gatehouse.dev]
  resources: [gatewayparameters/status]
  verbs: [patch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch]
- apiGroups: [""]
  # The certificates of a namespace's fleets, and no other Secret.
  resources: [secrets]
  resourceNames: [gatehouse-xds]
  verbs: [create, patch, delete]
- apiGroups: [""]
  resources: [configmaps, serviceaccounts, services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
{{- if .Values.try.enabled }}
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
{{- end }}
{{- end }}

{{/* What is the control plane's own, in its own namespace. */}}
{{- define "gatehouse.ownRules" -}}
- apiGroups: [coordination.k8s.io]
  # Nobody can be limited to creating one name only.
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "gatehouse.name" . }}]
  verbs: [get, update]
- apiGroups: [""]
  # They are read by the right to read Secrets of watched namespaces.
  resources: [secrets]
  resourceNames: [gatehouse-ca, gatehouse-xds-server]
  verbs: [create, patch, delete]
{{- end }}
