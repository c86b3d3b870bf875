{{/* Certificates by cert-manager. Who somebody is, is said by the URI and nothing else. */}}

{{/* The keys of the Secrets that cert-manager writes. */}}
{{- define "postwatch.certManagerKeys" -}}
{ca: ca.crt, cert: tls.crt, key: tls.key}
{{- end -}}

{{/* (list $ suffix component usage uri names) */}}
{{- define "postwatch.certificate" -}}
{{- $root := index . 0 -}}
{{- $settings := $root.Values.tls.certManager -}}
{{- $name := include "postwatch.named" (list $root (index . 1)) -}}
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  {{- include "postwatch.metadata" (list $root $name (index . 2)) | nindent 2 }}
spec:
  secretName: {{ $name }}
  duration: {{ $settings.duration }}
  renewBefore: {{ $settings.renewBefore }}
  privateKey:
    algorithm: ECDSA
    size: 256
    encoding: PKCS8
    rotationPolicy: Always
  usages:
    - digital signature
    - {{ index . 3 }}
  uris:
    - {{ index . 4 }}
  {{- with index . 5 }}
  dnsNames:
    {{- toYaml . | nindent 4 }}
  {{- if $root.Values.tls.ipAddresses }}
  ipAddresses:
    {{- toYaml $root.Values.tls.ipAddresses | nindent 4 }}
  {{- end }}
  {{- end }}
  issuerRef:
    {{- if $settings.issuerRef.name }}
    {{- toYaml $settings.issuerRef | nindent 4 }}
    {{- else }}
    group: cert-manager.io
    kind: Issuer
    name: {{ include "postwatch.named" (list $root "ca") }}
    {{- end }}
{{- end -}}
