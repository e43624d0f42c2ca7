{{- define "gitea.secretName" -}}
{{- default (include "gitea.fullname" .) .Values.gitea.admin.existingSecret -}}
{{- end -}}
