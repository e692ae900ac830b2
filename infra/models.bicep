// Azure OpenAI in one region: an account, its deployment, and who may call it.
param location string
param tags object
param name string
param identityId string
param principalId string
param principalType string
param subnetId string
param deployment string
param model string
param modelVersion string
param sku string
param capacity int

var roles = {
  'Cognitive Services OpenAI User': '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd'
}
var role = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  roles['Cognitive Services OpenAI User']
)

// Entra ID signs in to accounts that have a subdomain of their own.
resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'OpenAI'
  sku: { name: 'S0' }
  properties: {
    customSubDomainName: name
    disableLocalAuth: true
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      defaultAction: empty(subnetId) ? 'Allow' : 'Deny'
      virtualNetworkRules: empty(subnetId) ? [] : [{ id: subnetId }]
    }
  }

  resource answering 'deployments' = {
    name: deployment
    sku: { name: sku, capacity: capacity }
    properties: { model: { format: 'OpenAI', name: model, version: modelVersion } }
  }
}

resource appRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, identityId, 'Cognitive Services OpenAI User')
  scope: account
  properties: { principalId: identityId, principalType: 'ServicePrincipal', roleDefinitionId: role }
}

resource userRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(principalId)) {
  name: guid(account.id, principalId, 'Cognitive Services OpenAI User')
  scope: account
  properties: { principalId: principalId, principalType: principalType, roleDefinitionId: role }
}

output endpoint string = account.properties.endpoint
