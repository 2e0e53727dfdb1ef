export { Controller, type ControllerLog } from './controller.ts'
export { kubeControllers } from './kube-controllers.ts'
export { NamespaceLifecycle } from './namespaces/namespace-lifecycle.ts'
export { keyOf, parseKey } from './types.ts'
