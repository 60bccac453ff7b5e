import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { print } from 'graphql'
import { StreamsDocument } from '../../src/client/generated/graphql.js'
import { startTestGateway } from '../support/gateway-test.js'
import { startKvsTestServer } from '../support/kvs-test-server.js'

const manifest: Record<string, string> = JSON.parse(readFileSync('src/client/generated/persisted-documents.json', 'utf8'))

test('TRUSTED_DOCUMENTS runs the operations of the file and those of the package, and stops the start if it cannot be used', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-trusted-'))
  try {
    const file = join(folder, 'manifest.json')
    await writeFile(file, '{}')
    await using kvs = await startKvsTestServer()
    {
      await using gateway = await startTestGateway(kvs, { TRUSTED_DOCUMENTS: file })
      const own = Object.entries(manifest).find(([, text]) => text.includes('query Streams('))
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ documentId: own?.[0] }),
      })
      expect(await response.json()).toMatchObject({ data: { streams: { nodes: [] } } })
      expect(await gateway.ask(print(StreamsDocument))).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] })
    }
    const start = (path: string) => startTestGateway(kvs, { TRUSTED_DOCUMENTS: path })
    await expect(start(join(folder, 'missing'))).rejects.toThrow(/^TRUSTED_DOCUMENTS is ".*missing", but the file cannot be used\. ENOENT/)
    await writeFile(file, '[]')
    await expect(start(file)).rejects.toThrow(
      /^TRUSTED_DOCUMENTS is ".*", but the file cannot be used\. The manifest must be a JSON object/,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
