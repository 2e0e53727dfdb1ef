export { quotaController } from './quota-controller.ts'
export { QuotaIndex } from './quota-index.ts'
export { resourceQuotaAdmission } from './resource-quota-admission.ts'
