{{/* What the pods of collector and agent have in common. */}}

{{/* (list $ settings component): from the pod's spec, all that does not depend on its containers. */}}
{{- define "postwatch.podBasics" -}}
{{- $root := index . 0 -}}
{{- $settings := index . 1 -}}
serviceAccountName: {{ include "postwatch.serviceAccount" $root }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ $settings.terminationGracePeriodSeconds }}
securityContext:
  {{- toYaml $settings.podSecurityContext | nindent 2 }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $settings.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* (list $ settings component checksum): labels and annotations of a pod. */}}
{{- define "postwatch.podMetadata" -}}
{{- $settings := index . 1 -}}
labels:
  {{- include "postwatch.selectorLabels" (list (index . 0) (index . 2)) | nindent 2 }}
  {{- with (index . 0).Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with $settings.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  checksum/config: {{ index . 3 | sha256sum }}
  {{- with $settings.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* (list $ settings): image, pull policy, security context and resources of a container. */}}
{{- define "postwatch.containerBasics" -}}
{{- $settings := index . 1 -}}
image: {{ include "postwatch.image" (list (index . 0) $settings.image) | quote }}
imagePullPolicy: {{ $settings.image.pullPolicy }}
securityContext:
  {{- toYaml $settings.securityContext | nindent 2 }}
resources:
  {{- toYaml $settings.resources | nindent 2 }}
{{- end -}}

{{/* settings: additions of the user to a container. */}}
{{- define "postwatch.containerExtras" -}}
{{- with .extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* settings: the three probes; each is of the port called http. */}}
{{- define "postwatch.probes" -}}
{{- $paths := dict "startup" "/-/healthy" "liveness" "/-/healthy" "readiness" "/-/ready" -}}
{{- $probes := .probes -}}
{{- range $kind := list "startup" "liveness" "readiness" }}
{{ $kind }}Probe:
  httpGet:
    path: {{ get $paths $kind }}
    port: http
  {{- toYaml (get $probes $kind) | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Secrets whose keys are files in /run/secrets/<name>/: (list names). */}}
{{- define "postwatch.secretMounts" -}}
{{- range $i, $name := . }}
- name: secret-{{ $i }}
  mountPath: /run/secrets/{{ $name }}
  readOnly: true
{{- end }}
{{- end -}}

{{- define "postwatch.secretVolumes" -}}
{{- range $i, $name := . }}
- name: secret-{{ $i }}
  secret:
    secretName: {{ $name }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{/* (list secret keys): a Secret's certificate under the names the programs are told. */}}
{{- define "postwatch.tlsSecretVolume" -}}
{{- $keys := index . 1 -}}
- name: tls
  secret:
    secretName: {{ index . 0 }}
    defaultMode: 0440
    items:
      - {key: {{ $keys.ca | quote }}, path: ca.pem}
      - {key: {{ $keys.cert | quote }}, path: cert.pem}
      - {key: {{ $keys.key | quote }}, path: key.pem}
{{- end -}}

{{/* The chart's own authority, for the container that issues a certificate; no other mounts it. */}}
{{- define "postwatch.tlsIssuedVolumes" -}}
- name: ca
  secret:
    secretName: {{ include "postwatch.named" (list . "ca") }}
    defaultMode: 0440
- name: tls
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
{{- end -}}

{{/* (list $ arguments): issues the pod's certificate at each start. */}}
{{- define "postwatch.issuer" -}}
{{- $root := index . 0 -}}
- name: issue-certificate
  command: [/usr/bin/postwatch, ca, issue]
  args:
    {{- toYaml (index . 1) | nindent 4 }}
    - --dir=/ca
    - --out=/etc/postwatch/tls
    - --days={{ $root.Values.tls.lifetimeDays }}
    - --force
  {{- include "postwatch.containerBasics" (list $root $root.Values.cli) | nindent 2 }}
  volumeMounts:
    - name: ca
      mountPath: /ca
      readOnly: true
    - name: tls
      mountPath: /etc/postwatch/tls
{{- end -}}
