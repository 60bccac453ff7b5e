import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { verifyAuditLog } from '../../src/audit/verify-audit-log.js'
import { createTestKey, writeKeys } from '../support/api-keys.js'
import { readFixture } from '../support/fixtures.js'
import { startTestGateway, upload } from '../support/gateway-test.js'
import { startKvsTestServer } from '../support/kvs-test-server.js'

const startMs = Math.floor(Date.now() / 1000) * 1000 - 600_000
const [start, end] = [startMs - 1000, startMs + 60_000].map((ms) => new Date(ms).toISOString())

function toInput(streamName: string): string {
  return `{ streamName: "${streamName}", fragmentSelectorType: PRODUCER_TIMESTAMP, startTimestamp: "${start}", endTimestamp: "${end}" }`
}

test('AUDIT_LOG records who requested, renewed and downloaded which clip', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-audit-gateway-'))
  const [auditLog, keysFile] = [join(folder, 'audit.jsonl'), join(folder, 'keys.json')]
  const key = createTestKey(['clips:request', 'clips:revoke'], ['lobby'])
  let requestedId = ''
  try {
    await writeKeys(keysFile, [key])
    await using kvs = await startKvsTestServer()
    await upload(kvs, { streamName: 'lobby', file: readFixture('h264-aac.mkv'), producerStartMs: startMs })
    {
      await using gateway = await startTestGateway(kvs, { API_KEYS_FILE: keysFile, AUDIT_LOG: auditLog })
      const ask = async (query: string) => {
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${key.key}`, 'x-request-id': 'request-0001' }
        const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
        return JSON.parse(await response.text()).data
      }
      const { requestClip } = await ask(`mutation { requestClip(input: ${toInput('lobby')}) { clip { id downloadUrl } } }`)
      requestedId = requestClip.clip.id
      await ask(`mutation { requestClip(input: ${toInput('garage')}) { clip { id } issues { code } } }`)
      await ask(`mutation { renewClipUrl(id: "${requestClip.clip.id}") { clip { id } } }`)
      const whole = await fetch(requestClip.clip.downloadUrl)
      const { byteLength } = await whole.arrayBuffer()
      const range = await fetch(requestClip.clip.downloadUrl, { headers: { range: 'bytes=0-99' } })
      await range.arrayBuffer()
      await fetch(requestClip.clip.downloadUrl, { method: 'HEAD' })
      await ask(`mutation { revokeClipUrls(clipId: "${requestClip.clip.id}") { revokedBefore } }`)
      await ask('mutation { revokeClipUrls(clipId: "unknown") { revokedBefore } }')
      expect([whole.status, range.status, byteLength > 100]).toEqual([200, 206, true])
    }
    const text = await readFile(auditLog, 'utf8')
    const lines = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
    const known = { stream: expect.stringMatching(/^arn:aws:kinesisvideo:.*stream\/lobby\//), range: { start, end } }
    const clip = { ...known, etag: expect.stringMatching(/^"/), sizeBytes: expect.any(Number) }
    expect(lines).toMatchObject([
      {
        event: 'clip.requested',
        principal: key.record.id,
        requestId: 'request-0001',
        ...known,
        outcome: expect.stringMatching(/^(READY|FETCHING)$/),
      },
      {
        event: 'clip.requested',
        principal: key.record.id,
        stream: 'garage',
        range: { start, end },
        outcome: 'STREAM_NOT_FOUND',
        etag: null,
      },
      { event: 'url.renewed', principal: key.record.id, ...clip, outcome: 'READY' },
      {
        event: 'clip.downloaded',
        principal: key.record.id,
        address: '127.0.0.1',
        ...clip,
        outcome: 'complete',
        bytesSent: lines[3].sizeBytes,
      },
      { event: 'clip.downloaded', ...clip, outcome: 'complete', bytesSent: 100 },
      { event: 'urls.revoked', principal: key.record.id, stream: `clip:${requestedId}`, outcome: 'REVOKED' },
      { event: 'urls.revoked', principal: key.record.id, stream: 'clip:unknown', outcome: 'NOT_FOUND' },
    ])
    // No line gives access to anything.
    expect(text).not.toMatch(/cgk_|\/clips\//)
    expect(await verifyAuditLog([auditLog])).toMatchObject({ intact: true, lines: 7 })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
