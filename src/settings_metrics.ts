/** The variables of Prometheus metrics (chapter 02, section 5; chapter 08, section 2.3). */
import type { EnvironmentReader } from "./settings_reader.ts";

export interface MetricsSettings {
  /** Whether metrics are made at all, and shown at `/metrics` and on the ports. */
  enabled: boolean;
  /** Whether the ingestion answers its own port, as the reference decides it. */
  hasMultiprocDir: boolean;
  /** Of the web server; 0 for any free one. */
  webPort: number;
  /** Of the ingestion; 0 for any free one. */
  ingesterPort: number;
  /** Of process_pending_aggregations; 0 for any free one. */
  pendingPort: number;
}

const PORT = { minimum: 0, maximum: 65_535 };

export function metricsSettings(read: EnvironmentReader): MetricsSettings {
  const webPort = read.integer({
    name: "PROMETHEUS_METRICS_PORT",
    fallback: 8001,
    ...PORT,
    about: "port of the web server's metrics, 0 for any free one",
  });
  return {
    webPort,
    // In the reference both are read from one variable, so two processes of one host want one port (D24).
    pendingPort: read.integer({
      name: "PENDING_AGGREGATIONS_METRICS_PORT",
      fallback: webPort,
      ...PORT,
      about:
        "port of the metrics of process_pending_aggregations, PROMETHEUS_METRICS_PORT when it is not set",
    }),
    enabled: read.flag({
      name: "PROMETHEUS_METRICS_ENABLED",
      fallback: false,
      about: "shows metrics at /metrics, on PROMETHEUS_METRICS_PORT and on INGESTER_METRICS_PORT",
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
      ...PORT,
      lenient: true,
      about: "port of the ingestion's metrics, 0 for any free one",
    }),
  };
}
