"""Whose model is called: one endpoint, several backends, or OpenAI's own API."""

from typing import TYPE_CHECKING

from settings.backends import Backend

if TYPE_CHECKING:
    from settings.model import ModelSettings

Given = dict[str, object]


def check(settings: "ModelSettings") -> None:
    """Raise `ValueError` for settings that exclude each other, or lack one."""
    azure: Given = {
        "AZURE_OPENAI_ENDPOINT": settings.azure_openai_endpoint,
        "AZURE_OPENAI_DEPLOYMENT": settings.azure_openai_deployment,
    }
    openai: Given = {
        "OPENAI_BASE_URL": settings.openai_base_url,
        "OPENAI_MODEL": settings.openai_model,
    }
    keyed: Given = {"AZURE_OPENAI_API_KEY": settings.azure_openai_api_key}
    region: Given = {"AZURE_OPENAI_REGION": settings.azure_openai_region}
    more: Given = {
        "AZURE_OPENAI_ALLOWED_DEPLOYMENTS": settings.azure_openai_allowed_deployments
    }
    backends: Given = {"AZURE_OPENAI_BACKENDS": settings.azure_openai_backends}
    if _given(backends) and (replaced := _given(azure | keyed | region)):
        raise ValueError(f"AZURE_OPENAI_BACKENDS replaces {replaced[0]}: unset one")
    if settings.openai_base_url and _given(azure | keyed | more | backends):
        raise ValueError(
            "OPENAI_BASE_URL and the AZURE_OPENAI_* settings exclude each other: "
            "unset one"
        )
    for group in (azure, openai):
        given = _given(group)
        if len(given) == 1:
            [missing] = group.keys() - set(given)
            raise ValueError(f"{missing} is missing: {given[0]} needs it")
    if (alone := _given(keyed | more)) and not _given(azure | backends):
        raise ValueError(f"AZURE_OPENAI_ENDPOINT is missing: {alone[0]} needs it")


def _given(settings: Given) -> list[str]:
    return [name for name, value in settings.items() if value]


def backends(settings: "ModelSettings") -> tuple[Backend, ...]:
    if settings.azure_openai_backends:
        return settings.azure_openai_backends
    endpoint = settings.azure_openai_endpoint or settings.openai_base_url
    if endpoint is None or settings.deployment is None:
        return ()
    key = settings.azure_openai_api_key if settings.azure else settings.openai_api_key
    # Each has been checked as a setting: other servers name models as they like.
    only = Backend.model_construct(
        endpoint=endpoint,
        deployment=settings.deployment,
        api_key=key,
        region=settings.azure_openai_region,
    )
    return (only,)
