{{/* The configuration files of both programs. */}}

{{/* Refuses values that contradict one another, before anything is installed. */}}
{{- define "postwatch.check" -}}
{{- $values := .Values -}}
{{- if not (or $values.collector.enabled $values.agent.enabled) -}}
{{- fail "Enable collector.enabled, agent.enabled or both: there is nothing to install." -}}
{{- end -}}
{{- if $values.collector.enabled -}}
{{- if and (not $values.collector.configExistingSecret) (not $values.collector.config.targets) -}}
{{- fail "Name a domain to watch: --set 'collector.config.targets[0].domain=example.com', or targets in a values file." -}}
{{- end -}}
{{- if and (eq $values.tls.source "existingSecret") (not $values.tls.existingSecret) -}}
{{- fail "tls.source is existingSecret: name the collector's Secret in tls.existingSecret." -}}
{{- end -}}
{{- if and $values.collector.enrolment.enabled (not $values.collector.enrolment.existingSecret) (or (eq $values.tls.source "existingSecret") (and (eq $values.tls.source "certManager") $values.tls.certManager.issuerRef.name)) -}}
{{- fail "collector.enrolment.existingSecret is missing: name the Secret with the authority's certificate and key." -}}
{{- end -}}
{{- with $values.collector.postgresql -}}
{{- if .enabled -}}
{{- if or (not .host) (not .existingSecret) -}}
{{- fail "collector.postgresql needs host and existingSecret: the server, and the Secret with the password." -}}
{{- end -}}
{{- if and (hasPrefix "verify-" .sslMode) (not .caKey) -}}
{{- fail "collector.postgresql.sslMode verifies the server: name the key of its authority's certificate in caKey." -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $values.agent.enabled -}}
{{- if not $values.agent.region -}}
{{- fail "agent.region is missing: say where this cluster stands, such as eu-central." -}}
{{- end -}}
{{- if and (not $values.collector.enabled) (not $values.agent.collector.address) -}}
{{- fail "agent.collector.address is missing: say where the collector listens, as HOST:7443." -}}
{{- end -}}
{{- if and (not $values.agent.tlsExistingSecret) (or (eq $values.tls.source "existingSecret") (and (eq $values.tls.source "chart") (not $values.collector.enabled))) -}}
{{- fail "agent.tlsExistingSecret is missing: name the Secret with the agent's certificate, issued by the collector's authority." -}}
{{- end -}}
{{- if and (eq $values.tls.source "certManager") (not $values.collector.enabled) (not $values.agent.tlsExistingSecret) (not $values.tls.certManager.issuerRef.name) -}}
{{- fail "tls.certManager.issuerRef.name is missing: the collector is elsewhere, and an authority made here would be unknown to it." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Where a program finds its certificate, whatever it comes from. */}}
{{- define "postwatch.tlsConfig" -}}
ca: /etc/postwatch/tls/ca.pem
cert: /etc/postwatch/tls/cert.pem
key: /etc/postwatch/tls/key.pem
{{- end -}}

{{- define "postwatch.externalUrl" -}}
{{- $collector := .Values.collector -}}
{{- if $collector.config.external_url -}}
{{- $collector.config.external_url -}}
{{- else if $collector.ingress.enabled -}}
{{- printf "%s://%s" (ternary "https" "http" (not (empty $collector.ingress.tls))) (index $collector.ingress.hosts 0).host -}}
{{- else if and $collector.route.enabled $collector.route.hostnames -}}
{{- printf "https://%s" (index $collector.route.hostnames 0) -}}
{{- else -}}
{{- printf "http://%s.%s.svc:%v" (include "postwatch.fullname" .) .Release.Namespace $collector.service.http.port -}}
{{- end -}}
{{- end -}}

{{/* The names the collector's page is asked for by; others get 421. */}}
{{- define "postwatch.httpHosts" -}}
{{- $collector := .Values.collector -}}
{{- $hosts := include "postwatch.serviceNames" (list . (include "postwatch.fullname" .)) | fromJsonArray -}}
{{- if $collector.ingress.enabled -}}
{{- range $collector.ingress.hosts }}{{ $hosts = append $hosts .host }}{{ end -}}
{{- end -}}
{{- if $collector.route.enabled -}}
{{- $hosts = concat $hosts $collector.route.hostnames -}}
{{- end -}}
{{- concat $hosts $collector.hosts | uniq | toJson -}}
{{- end -}}

{{- define "postwatch.store" -}}
{{- with .Values.collector.postgresql -}}
{{- if .enabled -}}
{{- $query := printf "sslmode=%s&target_session_attrs=read-write" .sslMode -}}
{{- if .caKey -}}
{{- $query = printf "%s&sslrootcert=/run/secrets/%s/%s" $query .existingSecret .caKey -}}
{{- end -}}
{{- $port := .port -}}
{{- $hosts := list -}}
{{- range splitList "," .host }}{{ $hosts = append $hosts (printf "%s:%v" . $port) }}{{ end -}}
{{- printf "postgresql://%s@%s/%s?%s" .user (join "," $hosts) .database $query -}}
{{- else -}}
sqlite:/var/lib/postwatch-collector/collector.db
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "postwatch.collectorConfig" -}}
{{- $collector := .Values.collector -}}
{{- $address := $collector.listenAddress -}}
{{- $config := deepCopy $collector.config -}}
{{- $_ := set $config "listen" (dict
      "grpc" (printf "%s:7443" $address)
      "http" (printf "%s:7480" $address)
      "hosts" (include "postwatch.httpHosts" . | fromJsonArray)) -}}
{{- if $collector.postgresql.enabled -}}
{{- $_ := set $config.listen "advertise" "${POD_IP}" -}}
{{- end -}}
{{- $_ := set $config "external_url" (include "postwatch.externalUrl" .) -}}
{{- $tls := include "postwatch.tlsConfig" . | fromYaml -}}
{{- with .Values.tls.revocations -}}
{{- if .existingConfigMap }}{{ $_ := set $tls "crl" (printf "/etc/postwatch/revocations/%s" .key) }}{{ end -}}
{{- end -}}
{{- $_ := set $config "tls" $tls -}}
{{- if $collector.enrolment.enabled -}}
{{- $_ := set $config "enrolment" (dict
      "ca_cert" "/etc/postwatch/enrolment/ca.pem"
      "ca_key" "/etc/postwatch/enrolment/ca.key"
      "lifetime" $collector.enrolment.lifetime) -}}
{{- end -}}
{{- $_ := set $config "store" (include "postwatch.store" .) -}}
{{- if $collector.postgresql.enabled -}}
{{- $_ := set $config "store_password" (dict "file" (printf "/run/secrets/%s/%s" $collector.postgresql.existingSecret $collector.postgresql.passwordKey)) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "postwatch.agentName" -}}
{{- default (include "postwatch.workload" (list . "agent")) .Values.agent.name -}}
{{- end -}}

{{- define "postwatch.fleetKeySecret" -}}
{{- default (include "postwatch.named" (list . "fleet-key")) .Values.agent.fleetKey.existingSecret -}}
{{- end -}}

{{- define "postwatch.agentConfig" -}}
{{- $agent := .Values.agent -}}
{{- $config := deepCopy $agent.config -}}
{{- with ($config.spool).max_bytes }}{{ $_ := set $config.spool "max_bytes" (int64 .) }}{{ end -}}
{{- $identity := dict "name" (include "postwatch.agentName" .) "region" $agent.region -}}
{{- if $agent.zone }}{{ $_ := set $identity "zone" $agent.zone }}{{ end -}}
{{- if $agent.network }}{{ $_ := set $identity "network" $agent.network }}{{ end -}}
{{- $_ := set $config "agent" $identity -}}
{{- $inside := printf "%s.%s.svc:%v" (include "postwatch.named" (list . "grpc")) .Release.Namespace .Values.collector.service.grpc.port -}}
{{- $uplink := dict "address" (default $inside $agent.collector.address) -}}
{{- if $agent.collector.serverName }}{{ $_ := set $uplink "server_name" $agent.collector.serverName }}{{ end -}}
{{- $_ := set $config "collector" $uplink -}}
{{- $_ := set $config "tls" (include "postwatch.tlsConfig" . | fromYaml) -}}
{{- $_ := set $config "state_dir" "/var/lib/postwatch-agent" -}}
{{- $_ := set $config "fleet_key" (dict "file" (printf "/etc/postwatch/fleet/%s" $agent.fleetKey.key)) -}}
{{- $_ := set $config "secrets" (dict "directory" "/run/secrets" "environment" $agent.secretVariables) -}}
{{- $_ := set $config "web" (dict
      "listen" (printf "%s:7481" $agent.listenAddress)
      "hosts" (include "postwatch.serviceNames" (list . (include "postwatch.named" (list . "agent"))) | fromJsonArray)) -}}
{{- toYaml $config -}}
{{- end -}}
