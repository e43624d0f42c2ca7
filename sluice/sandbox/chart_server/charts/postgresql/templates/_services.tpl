{{- /* The headless and the client Service of one role. */}}
{{- define "postgresql.services" -}}
{{- $service := (index .root.Values .role).service -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}-hl
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "postgresql.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector: {{- include "postgresql.selectorLabels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
  ports:
    - name: postgresql
      port: {{ $service.ports.postgresql }}
      targetPort: postgresql
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "postgresql.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  type: {{ $service.type }}
  selector: {{- include "postgresql.selectorLabels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
  ports:
    - name: postgresql
      port: {{ $service.ports.postgresql }}
      targetPort: postgresql
{{- end -}}
