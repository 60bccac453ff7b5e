import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../src/domain/errors.js'
import { createDataEndpointCheck } from '../../src/kvs/data-endpoint-check.js'
import type { KvsTarget } from '../../src/kvs/kvs-target.js'

const aws: KvsTarget = { backend: 'aws', endpoint: null, dataEndpointSuffixes: null }
const embedded: KvsTarget = { backend: 'embedded', endpoint: 'http://127.0.0.1:4010', accessKey: null }

describe('with AWS', () => {
  const check = createDataEndpointCheck(aws)

  test.each([
    'https://b-0a1b2c3d.kinesisvideo.eu-west-1.amazonaws.com',
    'https://b-0a1b2c3d.kinesisvideo.cn-north-1.amazonaws.com.cn',
    'https://b-0a1b2c3d.kinesisvideo.eu-west-1.api.aws',
  ])('%s is allowed', (endpoint) => expect(check(endpoint)).toBe(endpoint))

  test.each([
    ['http://b-0a1b2c3d.kinesisvideo.eu-west-1.amazonaws.com', 'in the clear'],
    ['https://amazonaws.com.evil.example', 'with the suffix in the middle'],
    ['https://evilamazonaws.com', 'with the suffix in a label'],
    ['http://169.254.169.254/latest/meta-data', "the machine's own credentials"],
    ['http://127.0.0.1:4010', 'this machine'],
    ['https://localhost', 'this machine by name'],
    ['https://user:password@b.kinesisvideo.eu-west-1.amazonaws.com', 'with credentials'],
    ['ftp://b.kinesisvideo.eu-west-1.amazonaws.com', 'by another protocol'],
    ['b.kinesisvideo.eu-west-1.amazonaws.com', 'no URL'],
    ['', 'nothing'],
  ])('%s is refused: %s', (endpoint) => {
    expect(() => check(endpoint)).toThrow(GatewayError)
    expect(() => check(endpoint)).toThrow('Kinesis Video returned a data endpoint that this gateway may not call.')
  })
})

test('the path of an endpoint is removed', () => {
  expect(createDataEndpointCheck(aws)('https://b.kinesisvideo.eu-west-1.amazonaws.com/x?y')).toBe(
    'https://b.kinesisvideo.eu-west-1.amazonaws.com',
  )
})

describe('with a custom control plane', () => {
  const check = createDataEndpointCheck({ backend: 'aws', endpoint: 'http://kvs.example.net:4010', dataEndpointSuffixes: null })

  test('its host is allowed with the configured scheme, and other hosts only with https', () => {
    expect(check('http://kvs.example.net:4010')).toBe('http://kvs.example.net:4010')
    expect(check('https://b.kvs.example.net')).toBe('https://b.kvs.example.net')
    expect(() => check('http://b.kvs.example.net')).toThrow(GatewayError)
    expect(() => check('http://example.net:4010')).toThrow(GatewayError)
  })

  test('configured suffixes replace all others', () => {
    const narrow = createDataEndpointCheck({
      backend: 'aws',
      endpoint: null,
      dataEndpointSuffixes: ['eu-west-1.amazonaws.com', '10.0.0.7'],
    })
    expect(narrow('https://b.kinesisvideo.eu-west-1.amazonaws.com')).toBeTruthy()
    expect(narrow('https://10.0.0.7')).toBeTruthy()
    expect(() => narrow('https://b.kinesisvideo.eu-west-2.amazonaws.com')).toThrow(GatewayError)
    expect(() => narrow('https://1.10.0.0.8')).toThrow(GatewayError)
  })
})

describe('with the embedded server', () => {
  const check = createDataEndpointCheck(embedded)

  test.each(['http://127.0.0.1:4010', 'http://localhost:4010', 'http://[::1]:4010'])('%s is allowed', (endpoint) => {
    expect(check(endpoint)).toBe(endpoint)
  })

  test.each(['https://b.kinesisvideo.eu-west-1.amazonaws.com', 'http://10.0.0.7:4010', 'http://169.254.169.254'])(
    '%s may not',
    (endpoint) => {
      expect(() => check(endpoint)).toThrow(GatewayError)
    },
  )
})
