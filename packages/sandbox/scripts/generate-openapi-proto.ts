/**
 * Writes data/openapi-v2-proto.json, the description of the protobuf form of /openapi/v2, from gnostic's OpenAPIv2.proto
 * (github.com/google/gnostic-models, Apache-2.0): `node scripts/generate-openapi-proto.ts <OpenAPIv2.proto>`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import protobuf from 'protobufjs'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('name the file OpenAPIv2.proto')
const root = new protobuf.Root()
protobuf.parse(readFileSync(file, 'utf8'), root, { keepCase: true })
root
  .define('google.protobuf')
  .add(
    new protobuf.Type('Any')
      .add(new protobuf.Field('type_url', 1, 'string'))
      .add(new protobuf.Field('value', 2, 'bytes')),
  )
writeFileSync(
  new URL('../data/openapi-v2-proto.json', import.meta.url),
  `${JSON.stringify({ ...root.toJSON(), options: { source: 'github.com/google/gnostic-models openapiv2/OpenAPIv2.proto, Apache-2.0' } })}\n`,
)
