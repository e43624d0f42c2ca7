{{- /* The StatefulSet of one role: a dict of root, role (master, replica), name, replicas. */}}
{{- define "redis.statefulset" -}}
{{- $values := index .root.Values .role -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "redis.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
spec:
  replicas: {{ .replicas }}
  serviceName: {{ include "redis.fullname" .root }}-headless
  selector:
    matchLabels: {{- include "redis.selectorLabels" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .role }}
  template:
    metadata:
      labels: {{- include "redis.labels" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .role }}
      annotations:
        checksum/configuration: {{ include (print .root.Template.BasePath "/configmap.yaml") .root | sha256sum }}
    spec:
      serviceAccountName: {{ include "redis.serviceAccountName" .root }}
      automountServiceAccountToken: {{ .root.Values.serviceAccount.automountServiceAccountToken }}
      securityContext: {{- toYaml .root.Values.podSecurityContext | nindent 8 }}
      containers:
        - name: redis
          image: {{ include "redis.image" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: [redis-server, /etc/redis/redis.conf, --include, /etc/redis/{{ .role }}.conf]
          {{- if .root.Values.auth.enabled }}
          env:
            - name: REDIS_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: {{ include "redis.secretName" .root }}
                  key: {{ .root.Values.auth.existingSecretPasswordKey }}
          {{- end }}
          ports:
            - name: redis
              containerPort: 6379
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
              mountPath: /etc/redis
            - name: data
              mountPath: /data
      volumes:
        - name: configuration
          configMap:
            name: {{ include "redis.fullname" .root }}-configuration
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
