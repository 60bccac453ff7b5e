import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { GatewayMetrics } from '../../src/http/gateway-metrics.js'

const RULES = readFileSync('ops/prometheus/clipgate.rules.yaml', 'utf8')
const DASHBOARD = readFileSync('ops/grafana/clipgate.json', 'utf8')

/** The names under which Prometheus stores each metric. */
async function readNames(): Promise<Set<string>> {
  const text = await new GatewayMetrics({ storeBytes: () => 0 }).print()
  const kinds = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)]
  return new Set(
    kinds.flatMap(([, name = '', kind]) => (kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])),
  )
}

function namesIn(text: string): string[] {
  return [...new Set([...text.matchAll(/\bclipgate_\w+/g)].map(([name]) => name))]
}

describe.each([
  ['the alert rules', RULES],
  ['the dashboard', DASHBOARD],
])('%s', (_, text) => {
  test('name only metrics of the gateway', async () => {
    const names = await readNames()
    expect(namesIn(text).length).toBeGreaterThan(5)
    expect(namesIn(text).filter((name) => !names.has(name))).toEqual([])
  })
})

test.each([
  ['the dashboard shows', DASHBOARD],
  ['docs/operating.md explains', readFileSync('docs/operating.md', 'utf8')],
])('%s each metric', async (_, text) => {
  const shown = namesIn(text).map((name) => name.replace(/_(bucket|count|sum)$/, ''))
  const names = [...(await readNames())].map((name) => name.replace(/_(bucket|count|sum)$/, ''))
  expect(names.filter((name) => !shown.includes(name))).toEqual([])
})

test('each panel of the dashboard has its own place', () => {
  const { panels }: { panels: { id: number; gridPos: { x: number; y: number; w: number } }[] } = JSON.parse(DASHBOARD)
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size).toBe(panels.length)
  expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([])
})
