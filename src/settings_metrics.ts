/** The variables of Prometheus metrics (chapter 02, section 5; chapter 08, section 2.3). */
import type { EnvironmentReader } from "./settings_reader.ts";

export interface MetricsSettings {
  /** Whether the web server answers `/metrics`, and the ingestion its own port. */
  enabled: boolean;
  /** Whether the ingestion answers its own port, as the reference decides it. */
  hasMultiprocDir: boolean;
  /** Of the ingestion; 0 for any free one. */
  ingesterPort: number;
}

export function metricsSettings(read: EnvironmentReader): MetricsSettings {
  return {
    enabled: read.flag({
      name: "PROMETHEUS_METRICS_ENABLED",
      fallback: false,
      about: "shows metrics at /metrics and on INGESTER_METRICS_PORT",
    }),
    hasMultiprocDir:
      read.text({
        name: "PROMETHEUS_MULTIPROC_DIR",
        fallback: "",
        example: "/tmp/prometheus_multiproc_dir",
        about: "shows metrics of the ingestion when it is set, as the reference does; nothing is kept there",
      }) !== "",
    ingesterPort: read.integer({
      name: "INGESTER_METRICS_PORT",
      fallback: 8002,
      minimum: 0,
      maximum: 65_535,
      lenient: true,
      about: "port of the ingestion's metrics, 0 for any free one",
    }),
  };
}
