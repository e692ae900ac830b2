// The same folder as a container: Functions on Container Apps.
param location string
param tags object
param token string
param identityName string
param workspaceName string
param subnetId string
param settings object
param allowedOrigins array
param authClientId string
param alwaysReady int
param maximumInstances int
param image string

// App Service says so itself; here it has to be said. The sidecar that signs in takes out what callers send in its name.
var authenticates = empty(authClientId) ? [] : [{ name: 'WEBSITE_AUTH_ENABLED', value: 'true' }]

var roles = {
  AcrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource logs 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: 'cr${token}'
  location: location
  tags: tags
  sku: { name: 'Basic' }
  properties: { adminUserEnabled: false, anonymousPullEnabled: false }
}

resource pullRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, identity.id, 'AcrPull')
  scope: registry
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.AcrPull)
  }
}

resource environmentOfApp 'Microsoft.App/managedEnvironments@2025-07-01' = {
  name: 'cae-${token}'
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: { destination: 'azure-monitor' }
    vnetConfiguration: empty(subnetId) ? null : { infrastructureSubnetId: subnetId }
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }]
  }
}

resource app 'Microsoft.App/containerApps@2025-07-01' = {
  name: 'ca-${token}'
  location: location
  tags: union(tags, { 'azd-service-name': 'container' })
  kind: 'functionapp'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  dependsOn: [pullRole]
  properties: {
    environmentId: environmentOfApp.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: true
        targetPort: 80
        allowInsecure: false
        corsPolicy: empty(allowedOrigins) ? null : { allowedOrigins: allowedOrigins, allowedHeaders: ['*'] }
      }
      registries: [{ server: registry.properties.loginServer, identity: identity.id }]
    }
    template: {
      // A revision that is replaced has this long to finish its streams.
      terminationGracePeriodSeconds: 300
      containers: [
        {
          name: 'app'
          image: image
          resources: { cpu: json('1.0'), memory: '2Gi' }
          env: concat(map(items(settings), setting => { name: setting.key, value: setting.value }), authenticates)
          probes: [
            // Not by its health: a restart mends no setting, and ends what else is streaming.
            { type: 'Liveness', tcpSocket: { port: 80 }, periodSeconds: 10 }
            { type: 'Startup', httpGet: { path: '/api/health', port: 80 }, periodSeconds: 5, failureThreshold: 30 }
          ]
        }
      ]
      scale: {
        minReplicas: alwaysReady
        maxReplicas: maximumInstances
      }
    }
  }

  resource auth 'authConfigs' = if (!empty(authClientId)) {
    name: 'current'
    properties: {
      platform: { enabled: true }
      globalValidation: { unauthenticatedClientAction: 'Return401', excludedPaths: ['/api/health'] }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: authClientId
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          }
          validation: { allowedAudiences: [authClientId, 'api://${authClientId}'] }
        }
      }
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: environmentOfApp
  properties: { workspaceId: logs.id, logs: [{ categoryGroup: 'allLogs', enabled: true }] }
}

output uri string = 'https://${app.properties.configuration.ingress.fqdn}'
output registry string = registry.properties.loginServer
