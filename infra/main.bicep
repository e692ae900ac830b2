// Everything that the app needs on Azure, in one resource group. No resource here has a key that works, but
// for function keys, which callers use.
targetScope = 'subscription'

@minLength(1)
@maxLength(40)
@description('The name of the azd environment; all names derive from it.')
param environmentName string

@metadata({ azd: { type: 'location' } })
param location string

@description('The object id of who runs azd: gets the roles for local runs.')
param principalId string = ''

@allowed(['User', 'ServicePrincipal'])
@description('A workflow that deploys is a ServicePrincipal.')
param principalType string = 'User'

@allowed(['flex', 'containerapp'])
@description('Flex Consumption, or Functions on Container Apps with the Dockerfile of this folder.')
param hosting string = 'flex'

@description('The image of the container; azd sets it once it has built one.')
param containerImage string = 'mcr.microsoft.com/azure-functions/base:4'

@description('The endpoint of an Azure OpenAI account that exists; unset, one is created. Its role is then yours to assign.')
param openAiEndpoint string = ''

@description('The deployment that answers; with an existing endpoint, one of its own.')
param openAiDeployment string = 'gpt-4o-mini'

param openAiModel string = 'gpt-4o-mini'
param openAiModelVersion string = '2024-07-18'
param openAiSku string = 'GlobalStandard'

@minValue(1)
@description('Thousands of tokens a minute.')
param openAiCapacity int = 10

@description('A second region: another account and deployment there, which is asked if the first is busy or down.')
param secondRegion string = ''

@description('Origins of browser pages, separated by commas.')
param allowedOrigins string = ''

@allowed(['anonymous', 'function'])
@description('Whether callers need a function key; has to be anonymous with Easy Auth.')
param authLevel string = 'function'

@description('The client id of an Entra ID app registration: turns Easy Auth on.')
param authClientId string = ''

@description('A network of its own: storage, Event Hubs and models take connections from it alone.')
param network bool = false

@description('Azure Managed Redis as the store instead of the storage account. Needs redis-entraid in requirements.txt.')
param redis bool = false

@description('Whether records sent to Event Hubs have the prompt and the answer.')
param telemetryContent bool = false

@minValue(0)
@description('Instances that are kept warm; each is paid for by the hour.')
param alwaysReady int = 0

@minValue(1)
param maximumInstances int = 40

@description('Gets the alerts; unset, they are shown in the portal alone.')
param alertEmail string = ''

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var creates = empty(openAiEndpoint)
var endpoint = creates ? first!.outputs.endpoint : openAiEndpoint
var several = !empty(secondRegion)

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module base 'base.bicep' = {
  name: 'base'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    principalId: principalId
    principalType: principalType
    network: network
    redis: redis
    hosting: hosting
  }
}

module first 'models.bicep' = if (creates) {
  name: 'models'
  scope: group
  params: {
    location: location
    tags: tags
    name: 'aoai-${token}'
    identityId: base.outputs.identityPrincipalId
    principalId: principalId
    principalType: principalType
    subnetId: base.outputs.subnetId
    deployment: openAiDeployment
    model: openAiModel
    modelVersion: openAiModelVersion
    sku: openAiSku
    capacity: openAiCapacity
  }
}

module second 'models.bicep' = if (several) {
  name: 'models-second'
  scope: group
  params: {
    location: secondRegion
    tags: tags
    name: 'aoai2-${token}'
    identityId: base.outputs.identityPrincipalId
    principalId: principalId
    principalType: principalType
    subnetId: base.outputs.subnetId
    deployment: openAiDeployment
    model: openAiModel
    modelVersion: openAiModelVersion
    sku: openAiSku
    capacity: openAiCapacity
  }
}

// One endpoint, or two with priorities: the settings of the one exclude the other's.
var backends = [
  { endpoint: endpoint, deployment: openAiDeployment, priority: 1 }
  { endpoint: several ? second!.outputs.endpoint : '', deployment: openAiDeployment, priority: 2, region: secondRegion }
]
var models = several
  ? { AZURE_OPENAI_BACKENDS: string(backends) }
  : { AZURE_OPENAI_ENDPOINT: endpoint, AZURE_OPENAI_DEPLOYMENT: openAiDeployment }
// Files, as azd puts a value into main.parameters.json as it is: JSON would end at its first quotation mark.
var prices = trim(loadTextContent('prices.json'))
var budgets = trim(loadTextContent('budgets.json'))
var settings = union(base.outputs.settings, models, {
  HTTP_AUTH_LEVEL: authLevel
  TELEMETRY_CONTENT: telemetryContent ? 'true' : 'false'
  PRICES: prices == '{}' ? '' : prices
  BUDGETS: budgets == '{}' ? '' : budgets
})
var origins = empty(allowedOrigins) ? [] : split(allowedOrigins, ',')

module flex 'flex.bicep' = if (hosting == 'flex') {
  name: 'flex'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    identityName: base.outputs.identityName
    packagesUri: base.outputs.packagesUri
    subnetId: base.outputs.subnetId
    settings: settings
    allowedOrigins: origins
    authClientId: authClientId
    alwaysReady: alwaysReady
    maximumInstances: maximumInstances
  }
}

module container 'containerapp.bicep' = if (hosting == 'containerapp') {
  name: 'containerapp'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    identityName: base.outputs.identityName
    workspaceName: base.outputs.workspaceName
    subnetId: base.outputs.subnetId
    settings: settings
    image: containerImage
    allowedOrigins: origins
    authClientId: authClientId
    alwaysReady: alwaysReady
    maximumInstances: maximumInstances
  }
}

module watch 'watch.bicep' = {
  name: 'watch'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    insightsId: base.outputs.insightsId
    alertEmail: alertEmail
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output DEPLOY_FLEX string = hosting == 'flex' ? 'true' : 'false'
output DEPLOY_CONTAINER string = hosting == 'containerapp' ? 'true' : 'false'
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = hosting == 'flex' ? '' : container!.outputs.registry
output SERVICE_API_URI string = hosting == 'flex' ? flex!.outputs.uri : container!.outputs.uri
output AZURE_OPENAI_ENDPOINT string = several ? '' : endpoint
output AZURE_OPENAI_DEPLOYMENT string = several ? '' : openAiDeployment
output AZURE_OPENAI_BACKENDS string = several ? string(backends) : ''
output AZURE_EVENTHUB_NAMESPACE string = base.outputs.eventHubNamespace
output AZURE_EVENTHUB_NAME string = base.outputs.eventHubName
