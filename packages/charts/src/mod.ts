export { nameOf } from './rights/files.ts'
export { type Rule, rightsIn, rolesOf, rulesOf, servicesIn } from './rights/roles.ts'
export { type ClusterRole, ROLES } from './rights/table.ts'
export { type ChartedService, chartedServices } from './services.ts'
