import { describeFlags } from '@resource-broker/service'
import { flagsTable } from './render.ts'
import { chartedServices } from './services.ts'

/** docs/operations/flags.md: what all services take, then what some take, then each one's own. */
export function flagsPage(): string {
  const services = chartedServices.map(({ name, config }) => ({ name, flags: describeFlags(config) }))
  const takenBy = (key: string) => services.filter(({ flags }) => flags.some((flag) => flag.key === key))
  const all = [...new Map(services.flatMap(({ flags }) => flags).map((flag) => [flag.key, flag])).values()]
  const groups = Map.groupBy(all, ({ key }) =>
    takenBy(key)
      .map(({ name }) => name)
      .join(', '),
  )
  const sections = [...groups].map(([names, flags]) => {
    const title = names.split(', ').length === services.length ? 'All services' : names
    return `## ${title}\n\n${flagsTable(flags, 'flag')}`
  })
  return `# Flags

Generated from the code: \`npm run check -- --fix\`. Each flag may come from the environment instead: \`--watch-kind\` is
\`RESOURCE_BROKER_WATCH_KIND\`. Lists are given by repeating a flag or with commas. \`npm run broker\` takes the flags of all services.

${sections.join('\n')}`
}
