"""Whether runs go to OpenTelemetry, and to which collector."""

from pydantic import AliasChoices, BaseModel, Field

from settings.kinds import CollectorUrl, Exporter, Protocol


class OpenTelemetrySettings(BaseModel):
    otel_sdk_disabled: bool = False
    otel_exporter_otlp_endpoint: CollectorUrl | None = None
    otel_exporter_otlp_traces_endpoint: CollectorUrl | None = None
    otel_exporter_otlp_metrics_endpoint: CollectorUrl | None = None
    otel_exporter_otlp_protocol: Protocol = Field(
        "http/protobuf",
        validation_alias=AliasChoices(
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
            "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
        ),
    )
    otel_traces_exporter: Exporter | None = None
    otel_metrics_exporter: Exporter | None = None
    python_applicationinsights_enable_telemetry: bool = Field(
        False,
        validation_alias=AliasChoices(
            "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY", "PYTHON_ENABLE_OPENTELEMETRY"
        ),
    )

    @property
    def otel_exporters(self) -> tuple[str | None, str | None]:
        """The exporters of spans and of metrics; `None` if these are not exported."""
        everything = self.otel_exporter_otlp_endpoint
        each = (
            (self.otel_traces_exporter, self.otel_exporter_otlp_traces_endpoint),
            (self.otel_metrics_exporter, self.otel_exporter_otlp_metrics_endpoint),
        )
        traces, metrics = (
            None if name == "none" else name or ("otlp" if url or everything else None)
            for name, url in each
        )
        return traces, metrics
