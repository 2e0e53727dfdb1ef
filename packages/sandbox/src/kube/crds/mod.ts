export { type CrdControllerDeps, crdController } from './controller.ts'
export { CRD_STORAGE, type Crd, type CrdCondition, conditionOf } from './definition.ts'
export { LocalCrds } from './local-crds.ts'
export { type CrdResourceOptions, resourceFromCrd } from './resource-from-crd.ts'
