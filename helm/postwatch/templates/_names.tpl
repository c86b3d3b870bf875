{{/* Names and labels. Objects are called <fullname>[-<suffix>], cut to what Kubernetes takes. */}}

{{- define "postwatch.chartName" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "postwatch.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* (list $ suffix): the name cut so that the suffix stays. */}}
{{- define "postwatch.named" -}}
{{- $root := index . 0 -}}
{{- $suffix := printf "-%s" (index . 1) -}}
{{- $room := int (sub 63 (len $suffix)) -}}
{{- printf "%s%s" (include "postwatch.fullname" $root | trunc $room | trimSuffix "-") $suffix -}}
{{- end -}}

{{/* (list $ suffix): of a workload. Its pods carry a label that is this name and a hash: 52. */}}
{{- define "postwatch.workload" -}}
{{- $root := index . 0 -}}
{{- $suffix := ternary "" (printf "-%s" (index . 1)) (empty (index . 1)) -}}
{{- $room := int (sub 52 (len $suffix)) -}}
{{- printf "%s%s" (include "postwatch.fullname" $root | trunc $room | trimSuffix "-") $suffix -}}
{{- end -}}

{{/* (list $ component): what a Service and a workload select by. Never changes in an upgrade. */}}
{{- define "postwatch.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "postwatch.chartName" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* (list $ component) */}}
{{- define "postwatch.labels" -}}
{{- $root := index . 0 -}}
{{ include "postwatch.selectorLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list $ name component [annotations]): the metadata of an object in the release's namespace. */}}
{{- define "postwatch.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "postwatch.labels" (list $root (index . 2)) | nindent 2 }}
{{- if gt (len .) 3 }}
{{- with index . 3 }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "postwatch.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "postwatch.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* (list $ image): registry/repository:tag@digest; the tag is the chart's appVersion if none is set. */}}
{{- define "postwatch.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}:{{- default $root.Chart.AppVersion $image.tag -}}
{{- with $image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{/* (list $ service): every name by which a Service is asked for within the cluster, as a JSON list. */}}
{{- define "postwatch.serviceNames" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $space := $root.Release.Namespace -}}
{{- list $name
      (printf "%s.%s" $name $space)
      (printf "%s.%s.svc" $name $space)
      (printf "%s.%s.svc.%s" $name $space $root.Values.clusterDomain) | toJson -}}
{{- end -}}
