{{- /* The StatefulSet of one role: a dict of root, role (primary, readReplicas), component, name, replicas. */}}
{{- define "postgresql.statefulset" -}}
{{- $values := index .root.Values .role -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "postgresql.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  replicas: {{ .replicas }}
  serviceName: {{ .name }}-hl
  selector:
    matchLabels: {{- include "postgresql.selectorLabels" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
  template:
    metadata:
      labels: {{- include "postgresql.labels" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
      annotations:
        checksum/configuration: {{ include (print .root.Template.BasePath "/configmap.yaml") .root | sha256sum }}
    spec:
      serviceAccountName: {{ include "postgresql.serviceAccountName" .root }}
      automountServiceAccountToken: {{ .root.Values.serviceAccount.automountServiceAccountToken }}
      securityContext: {{- toYaml .root.Values.podSecurityContext | nindent 8 }}
      containers:
        - name: postgresql
          image: {{ include "postgresql.image" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: [-c, config_file=/etc/postgresql/postgresql.conf]
          env:
            - name: POSTGRESQL_REPLICATION_MODE
              value: {{ .component }}
            - name: POSTGRES_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: {{ include "postgresql.secretName" .root }}
                  key: postgres-password
            {{- with .root.Values.auth.username }}
            - name: POSTGRES_USER
              value: {{ . | quote }}
            - name: POSTGRES_USER_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: {{ include "postgresql.secretName" $.root }}
                  key: password
            {{- end }}
            {{- with .root.Values.auth.database }}
            - name: POSTGRES_DATABASE
              value: {{ . | quote }}
            {{- end }}
          ports:
            - name: postgresql
              containerPort: 5432
          {{- with $values.livenessProbe }}
          livenessProbe: {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with $values.readinessProbe }}
          readinessProbe: {{- toYaml . | nindent 12 }}
          {{- end }}
          resources: {{- toYaml $values.resources | nindent 12 }}
          securityContext: {{- toYaml .root.Values.containerSecurityContext | nindent 12 }}
          volumeMounts:
            - name: configuration
              mountPath: /etc/postgresql
            - name: data
              mountPath: /bitnami/postgresql
            - name: tmp
              mountPath: /tmp
      volumes:
        - name: configuration
          configMap:
            name: {{ include "postgresql.fullname" .root }}-configuration
        - name: tmp
          emptyDir: {}
        {{- if not $values.persistence.enabled }}
        - name: data
          emptyDir: {}
        {{- end }}
  {{- if $values.persistence.enabled }}
  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
        {{- with $values.persistence.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests:
            storage: {{ $values.persistence.size }}
  {{- end }}
{{- end -}}
