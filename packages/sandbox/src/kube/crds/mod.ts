export { crdController } from './controller.ts'
export { CRD_STORAGE, type Crd } from './definition.ts'
export { LocalCrds } from './local-crds.ts'
export { ending, resourceFromCrd } from './resource-from-crd.ts'
