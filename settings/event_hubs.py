"""The event hub that records go to, and what of a run is recorded."""

from typing import Self

from pydantic import BaseModel, model_validator

from settings.connection_string import ConnectionString, parts
from settings.kinds import Host, HubName


class EventHubSettings(BaseModel):
    azure_eventhub_conn_str: ConnectionString | None = None
    azure_eventhub_name: HubName | None = None
    azure_eventhub_namespace: Host | None = None
    telemetry_content: bool = True
    telemetry_path: str | None = None

    @model_validator(mode="after")
    def _one_event_hub_whole(self) -> Self:
        in_string = parts(self.azure_eventhub_conn_str).get("EntityPath")
        name = self.azure_eventhub_name
        given = {
            "AZURE_EVENTHUB_CONN_STR": self.azure_eventhub_conn_str,
            "AZURE_EVENTHUB_NAMESPACE": self.azure_eventhub_namespace,
        }
        where = [setting for setting, value in given.items() if value]
        if len(where) == 2:
            raise ValueError(f"{where[0]} and {where[1]} exclude each other: unset one")
        if name and not where:
            raise ValueError(
                "AZURE_EVENTHUB_CONN_STR or AZURE_EVENTHUB_NAMESPACE is missing: "
                "AZURE_EVENTHUB_NAME needs one"
            )
        if where and not (name or in_string):
            raise ValueError(f"AZURE_EVENTHUB_NAME is missing: {where[0]} needs it")
        if name and in_string and name != in_string:
            raise ValueError(
                f"AZURE_EVENTHUB_NAME: {name!r}, but AZURE_EVENTHUB_CONN_STR has the "
                f"EntityPath {in_string!r}"
            )
        return self

    @property
    def event_hub(self) -> str | None:
        """The hub's name, which the connection string may have instead."""
        in_string = parts(self.azure_eventhub_conn_str).get("EntityPath")
        return self.azure_eventhub_name or in_string
