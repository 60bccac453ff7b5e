import { expect, test } from '@jest/globals'
import { getStream } from '../../../src/kvs-server/operations/stream-checks.js'
import { openTestArchive } from '../../support/archive-for-test.js'

test('repeated reads of a stream return its current state', async () => {
  await using test = await openTestArchive()
  const { streams } = test
  const { id } = test.createStream('cam', 24)
  expect(streams.findById(id)).toMatchObject({ name: 'cam', dataRetentionInHours: 24 })
  const before = getStream(streams, { name: 'cam', arn: null })
  streams.update(before, { dataRetentionInHours: 48, deviceName: 'gate' })
  expect(streams.findById(id)).toEqual(getStream(streams, { name: 'cam', arn: null }))
  expect(streams.findById(id)).toMatchObject({ dataRetentionInHours: 48, deviceName: 'gate' })
  streams.delete(before)
  expect(streams.findById(id)).toBeUndefined()
})
