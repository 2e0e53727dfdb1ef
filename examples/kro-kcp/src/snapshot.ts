import { text } from 'node:stream/consumers'
import { apiResourceSchemaOf, type Crd } from './api-resource-schema.ts'

const [prefix] = process.argv.slice(2)
if (prefix === undefined) {
  process.stderr.write('kubectl get crd NAME -o json | node examples/kro-kcp/src/snapshot.ts PREFIX\n')
  process.exit(2)
}
const schema = apiResourceSchemaOf(JSON.parse(await text(process.stdin)) as Crd, prefix)
process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`)
