// What tells an operator: a workbook to look at, and alerts that look by themselves. Both read what each run
// leaves in the log, so they need no exporter in the app.
param location string
param tags object
param token string
param insightsId string
param alertEmail string

var alerts = [
  {
    name: 'errors'
    title: 'More than 5 % of runs fail'
    query: loadTextContent('queries/errors.kql')
    column: 'percent'
    threshold: 5
    severity: 1
  }
  {
    name: 'first-token'
    title: 'The first token takes more than 10 seconds for 5 % of callers'
    query: loadTextContent('queries/first_token.kql')
    column: 'p95'
    threshold: 10000
    severity: 2
  }
  {
    name: 'backlog'
    title: 'Records of runs are not delivered'
    query: loadTextContent('queries/backlog.kql')
    column: ''
    threshold: 3
    severity: 2
  }
  {
    name: 'budgets'
    title: 'Budgets end or refuse answers'
    query: loadTextContent('queries/budgets.kql')
    column: ''
    threshold: 10
    severity: 3
  }
  {
    name: 'failovers'
    title: 'Backends fail, and others answer'
    query: loadTextContent('queries/failovers.kql')
    column: ''
    threshold: 10
    severity: 3
  }
]

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: 'ag-${token}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'operators'
    emailReceivers: [{ name: 'operators', emailAddress: alertEmail, useCommonAlertSchema: true }]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in alerts: {
    name: '${alert.name}-${token}'
    location: location
    tags: tags
    properties: {
      displayName: alert.title
      severity: alert.severity
      enabled: true
      scopes: [insightsId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true
      // The tables come into being with the first run.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: empty(alert.column) ? 'Count' : 'Maximum'
            metricMeasureColumn: empty(alert.column) ? null : alert.column
            operator: 'GreaterThan'
            threshold: alert.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: empty(alertEmail) ? [] : [operators.id] }
    }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insightsId, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Streamed chat'
    category: 'workbook'
    sourceId: insightsId
    serializedData: loadTextContent('workbook.json')
  }
}
