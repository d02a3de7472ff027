{{- define "gatehouse.applyGatewayApi" -}}
kubectl apply --server-side -f https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.7.0/standard-install.yaml
{{- end }}

{{/*
What to do about the CRDs of Gateway API, as JSON: `missing`, or a `warning`. They are never installed here: a cluster's
provider or another controller may own them. Without a cluster (helm template) nothing is found and nothing is said.
*/}}
{{- define "gatehouse.gatewayApi" -}}
{{- $state := dict "missing" false "warning" "" -}}
{{- if and .Values.gatewayApi.check (lookup "v1" "Namespace" "" "kube-system") -}}
  {{- $crd := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "gatewayclasses.gateway.networking.k8s.io" -}}
  {{- if not $crd -}}
    {{- $_ := set $state "missing" true -}}
  {{- else -}}
    {{- $version := dig "metadata" "annotations" "gateway.networking.k8s.io/bundle-version" "" $crd -}}
    {{- if not (regexMatch "^v[0-9]+[.][0-9]+[.][0-9]+" $version) -}}
      {{- $_ := set $state "warning" "The CRDs of Gateway API do not tell their version. Gatehouse is tested with v1.4 to v1.7." -}}
    {{- else if semverCompare "<1.4.0-0" $version -}}
      {{- $_ := set $state "warning" (printf "The CRDs of Gateway API are %s, older than v1.4, the oldest that Gatehouse is tested with." $version) -}}
    {{- else if semverCompare ">=1.8.0-0" $version -}}
      {{- $_ := set $state "warning" (printf "The CRDs of Gateway API are %s, newer than v1.7, the newest that Gatehouse is tested with." $version) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $state | toJson -}}
{{- end }}
