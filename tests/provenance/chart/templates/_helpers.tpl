{{- define "shop.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- define "shop.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- if .Values.image.registry -}}
{{- printf "%s/%s:%s" .Values.image.registry .Values.image.repository $tag -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- end -}}
{{- end -}}
{{- define "shop.store" -}}
{{- $plain := printf "store://%s" .Values.store.host -}}
{{- .Values.store.encrypted | ternary $plain (printf "%s?encrypted=no" $plain) -}}
{{- end -}}
{{- define "shop.probe" -}}
httpGet:
  path: {{ .path }}
  port: http
periodSeconds: {{ .period }}
{{- end -}}
{{- define "shop.merged" -}}
{{- $own := dict "app" (include "shop.name" .) -}}
{{- toYaml (merge $own .Values.labels) -}}
{{- end -}}
