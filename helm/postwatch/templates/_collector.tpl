{{/* The collector's pod, the same for both kinds of store: its template's metadata and spec. */}}

{{- define "postwatch.collectorSecrets" -}}
{{- $secrets := .Values.collector.secrets -}}
{{- if .Values.collector.postgresql.enabled -}}
{{- $secrets = append $secrets .Values.collector.postgresql.existingSecret -}}
{{- end -}}
{{- $secrets | uniq | toJson -}}
{{- end -}}

{{/* What `postwatch ca issue` is told: every name and address by which agents reach the collector. */}}
{{- define "postwatch.collectorIdentity" -}}
{{- $names := include "postwatch.serviceNames" (list . (include "postwatch.named" (list . "grpc"))) | fromJsonArray -}}
{{- $arguments := list "collector" -}}
{{- range concat $names .Values.tls.dnsNames | uniq }}{{ $arguments = append $arguments (printf "--dns=%s" .) }}{{ end -}}
{{- range .Values.tls.ipAddresses }}{{ $arguments = append $arguments (printf "--ip=%s" .) }}{{ end -}}
{{- $arguments | toJson -}}
{{- end -}}

{{/* The name by which somebody outside reaches the collector, as far as is known here. */}}
{{- define "postwatch.dialledName" -}}
{{- first (concat .Values.tls.dnsNames .Values.tls.ipAddresses (list (printf "%s.%s.svc" (include "postwatch.named" (list . "grpc")) .Release.Namespace))) -}}
{{- end -}}

{{- define "postwatch.collectorTlsVolumes" -}}
{{- if eq .Values.tls.source "chart" -}}
{{- include "postwatch.tlsIssuedVolumes" . -}}
{{- else if eq .Values.tls.source "certManager" -}}
{{- include "postwatch.tlsSecretVolume" (list (include "postwatch.named" (list . "tls")) (include "postwatch.certManagerKeys" . | fromYaml)) -}}
{{- else -}}
{{- include "postwatch.tlsSecretVolume" (list .Values.tls.existingSecret .Values.tls.secretKeys) -}}
{{- end -}}
{{- end -}}

{{/* The volume with the state, when it is not a claim of the StatefulSet's own. */}}
{{- define "postwatch.collectorStateVolume" -}}
{{- $persistence := .Values.collector.persistence -}}
{{- if and $persistence.enabled $persistence.existingClaim -}}
- name: state
  persistentVolumeClaim:
    claimName: {{ $persistence.existingClaim }}
{{- else if not $persistence.enabled -}}
- name: state
  emptyDir:
    sizeLimit: {{ $persistence.size }}
{{- end -}}
{{- end -}}

{{- define "postwatch.collectorContainer" -}}
{{- $collector := .Values.collector -}}
{{- $environment := $collector.extraEnv -}}
{{- if $collector.postgresql.enabled -}}
{{- $environment = prepend $environment (dict "name" "POD_IP" "valueFrom" (dict "fieldRef" (dict "apiVersion" "v1" "fieldPath" "status.podIP"))) -}}
{{- end -}}
- name: collector
  command: [/usr/bin/postwatch-collector]
  args:
    - --config.file=/etc/postwatch/config/collector.yaml
    - --log.level={{ $collector.log.level }}
    - --log.format={{ $collector.log.format }}
  {{- include "postwatch.containerBasics" (list . $collector) | nindent 2 }}
  {{- with include "postwatch.containerExtras" (dict "extraEnv" $environment "extraEnvFrom" $collector.extraEnvFrom) | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  ports:
    - {name: grpc, containerPort: 7443, protocol: TCP}
    - {name: http, containerPort: 7480, protocol: TCP}
  {{- include "postwatch.probes" $collector | trim | nindent 2 }}
  volumeMounts:
    - name: config
      mountPath: /etc/postwatch/config
      readOnly: true
    - name: tls
      mountPath: /etc/postwatch/tls
      readOnly: true
    {{- if not $collector.postgresql.enabled }}
    - name: state
      mountPath: /var/lib/postwatch-collector
    {{- end }}
    {{- if $collector.enrolment.enabled }}
    - name: enrolment
      mountPath: /etc/postwatch/enrolment
      readOnly: true
    {{- end }}
    {{- if .Values.tls.revocations.existingConfigMap }}
    - name: revocations
      mountPath: /etc/postwatch/revocations
      readOnly: true
    {{- end }}
    - name: tmp
      mountPath: /tmp
    {{- with include "postwatch.secretMounts" (include "postwatch.collectorSecrets" . | fromJsonArray) | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with $collector.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "postwatch.collectorVolumes" -}}
{{- $collector := .Values.collector -}}
- name: config
  {{- if $collector.configExistingSecret }}
  secret:
    secretName: {{ $collector.configExistingSecret }}
    defaultMode: 0440
  {{- else }}
  configMap:
    name: {{ include "postwatch.named" (list . "config") }}
  {{- end }}
{{ include "postwatch.collectorTlsVolumes" . }}
{{- if not $collector.postgresql.enabled }}
{{- with include "postwatch.collectorStateVolume" . }}
{{ . }}
{{- end }}
{{- end }}
{{- if $collector.enrolment.enabled }}
- name: enrolment
  secret:
    secretName: {{ default (include "postwatch.named" (list . "ca")) $collector.enrolment.existingSecret }}
    defaultMode: 0440
    items:
      {{- $keys := ternary (dict "ca" "tls.crt" "key" "tls.key") (dict "ca" "ca.pem" "key" "ca.key") (or (eq .Values.tls.source "certManager") (not (empty $collector.enrolment.existingSecret))) }}
      - {key: {{ $keys.ca }}, path: ca.pem}
      - {key: {{ $keys.key }}, path: ca.key}
{{- end }}
{{- with .Values.tls.revocations.existingConfigMap }}
- name: revocations
  configMap:
    name: {{ . }}
{{- end }}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- with include "postwatch.secretVolumes" (include "postwatch.collectorSecrets" . | fromJsonArray) | trim }}
{{ . }}
{{- end }}
{{- with $collector.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "postwatch.collectorPod" -}}
{{- $collector := .Values.collector -}}
{{- $configuration := ternary "" (include "postwatch.collectorConfig" .) (not (empty $collector.configExistingSecret)) -}}
metadata:
  {{- include "postwatch.podMetadata" (list . $collector "collector" $configuration) | nindent 2 }}
spec:
  {{- include "postwatch.podBasics" (list . $collector) | nindent 2 }}
  {{- if eq .Values.tls.source "chart" }}
  initContainers:
    {{- include "postwatch.issuer" (list . (include "postwatch.collectorIdentity" . | fromJsonArray)) | nindent 4 }}
  {{- end }}
  containers:
    {{- include "postwatch.collectorContainer" . | nindent 4 }}
  volumes:
    {{- include "postwatch.collectorVolumes" . | nindent 4 }}
{{- end -}}
