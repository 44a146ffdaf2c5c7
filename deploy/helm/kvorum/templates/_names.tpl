{{- define "kvorum.name" -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{- end }}
{{- define "kvorum.peers" -}}{{ include "kvorum.name" . }}-peers{{- end }}
{{- define "kvorum.secret" -}}{{ .Values.existingSecret | default (include "kvorum.name" .) }}{{- end }}
{{- define "kvorum.selector" -}}
app.kubernetes.io/name: kvorum
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "kvorum.labels" -}}
{{ include "kvorum.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
