// What the README tells by hand, told and checked step by step on four real control planes.
import { clusters } from '../../test/story/engines/clusters.ts'
import { play } from '../../test/story/play.ts'

process.exit(await play(clusters, { trace: false, once: process.argv.includes('--once') }))
