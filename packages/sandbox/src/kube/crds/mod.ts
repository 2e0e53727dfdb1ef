export { crdController } from './controller.ts'
export { LocalCrds } from './local-crds.ts'
export { resourceFromCrd } from './resource-from-crd.ts'
