# The same folder as a container, for Functions on Container Apps: `HOSTING=containerapp` of infra/.
# The image has the Functions host, Python and Azure's worker; see
# https://mcr.microsoft.com/artifact/mar/azure-functions/python
FROM mcr.microsoft.com/azure-functions/python:4-python3.13

ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true \
    AzureWebJobsDisableHomepage=true \
    PIP_DISABLE_PIP_VERSION_CHECK=1

# Packages change less often than the app: they are a layer of their own.
COPY requirements.txt /
RUN pip install --no-cache-dir --requirement /requirements.txt

# .dockerignore leaves here what .funcignore lets be deployed.
COPY . /home/site/wwwroot
