import { registerHooks } from 'node:module'

/** For `node --import`: a program that loads of OpenTelemetry more than its API, as prom-client does, gets an error that names it. */
registerHooks({
  resolve: (specifier, context, next) => {
    if (/^@opentelemetry\/(?!api$)/.test(specifier)) throw new Error(`${specifier} is not to be loaded`)
    return next(specifier, context)
  },
})
