// From `node dist/cli/main.js serve` to the first answer, with the demo cameras' archive already there.
import { join } from 'node:path'
import { query } from '../gateway-client.mjs'
import { startBoth } from '../processes.mjs'
import { medianOf, timed } from '../rounds.mjs'

const STARTS = 5

export async function measureStart({ folder }) {
  const start = () => timed(() => startAndAsk(join(folder, 'data')))
  const first = await start()
  const later = []
  for (let i = 0; i < STARTS; i += 1) later.push(await start())
  return [
    { name: 'ready, with the demo archive there', ours: medianOf(later), unit: 'ms', target: { of: 'ours', atMost: 2000 } },
    { name: 'ready, the demo archive filled first', ours: first.ms, unit: 'ms' },
  ]
}

async function startAndAsk(dataDir) {
  await using both = await startBoth({ dataDir, env: { KVS_DEMO: 'true' } })
  const { streams } = await query(both.url, '{ streams { nodes { name } } }')
  if (streams.nodes.length === 0) throw new Error('there are no demo cameras')
}
