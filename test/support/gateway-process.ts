// A gateway in a process of its own, with as much memory as its parent gives it: the URL of a KVS and a data folder in, its own URL out.
import { parseConfig } from '../../src/config/config.js'
import { buildGateway } from '../../src/gateway.js'
import { TEST_SECRETS } from './gateway-test.js'

const [, , embeddedKvsUrl = '', dataDir = ''] = process.argv
const config = parseConfig({ ...process.env, PORT: '0', KVS_QUOTAS: 'off', DATA_DIR: dataDir })
const secrets = { clipUrlSecrets: TEST_SECRETS, kvsAccessKeys: [] }
const gateway = await buildGateway(config, secrets, { embeddedKvsUrl })
console.log(await gateway.listen())
