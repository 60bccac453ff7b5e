import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { buildDist, startCli } from '../support/cli-process.js'
import { testOnPosix } from '../support/platforms.js'

const readme = readFileSync('README.md', 'utf8')

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1] ?? '')
}

function parseBlock(text: string | undefined): unknown {
  return JSON.parse(text ?? '')
}

/** Keys and kinds of an answer: what of it is the same every time it is given. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]))
}

describe("README's first minutes", () => {
  beforeAll(buildDist)

  testOnPosix('the query answers as the page shows, and the URL gives the requested minute (skipped on Windows: no sh)', async () => {
    const query = blocks('sh').find((block) => block.includes('requestClip')) ?? ''
    await using server = await startCli(['serve'], { KVS_DEMO: 'true' })
    const [, url = ''] = await server.until(/GraphQL\s+(\S+)\/graphql/)
    // Nothing else is changed: tests have ports of their own.
    const { stdout } = await promisify(execFile)('sh', ['-c', query.replaceAll('http://127.0.0.1:4000', url)])
    const answer = JSON.parse(stdout)
    const { clip, issues } = answer.data.requestClip
    expect(issues).toEqual([])
    expect(shapeOf({ ...answer.data.requestClip.clip, sizeBytes: 0 })).toEqual(shapeOf(shownClip()))
    // To the frame once it is READY; until then it is what ListFragments lets one expect.
    expect(clip.durationMs).toBeGreaterThanOrEqual(59_500)
    expect(clip.durationMs).toBeLessThanOrEqual(60_500)
    const download = await fetch(clip.downloadUrl)
    expect(download.status).toBe(200)
    expect(
      Buffer.from(await download.arrayBuffer())
        .subarray(4, 8)
        .toString(),
    ).toBe('ftyp')
  })

  test('the commands are scripts of the package', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
    const named = [...readme.matchAll(/npm (?:run )?([a-z:]+)/g)].map((match) => match[1] ?? '')
    expect(named.filter((name) => name !== 'ci' && !(name in scripts))).toEqual([])
  })

  test('the map names every folder of src', () => {
    const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const unnamed = folders.map(({ name }) => name).filter((name) => name !== 'lib' && !readme.includes(`\`${name}/\``))
    expect(unnamed).toEqual([])
  })
})

function shownClip(): unknown {
  const shown = parseBlock(blocks('json')[0])
  if (typeof shown !== 'object' || shown === null || !('data' in shown)) throw new Error("README's answer is not one of GraphQL")
  return Object(shown.data).requestClip.clip
}
