// Three nodes and a Redis Cluster of three.

import { RedisCluster } from './redis.js'
import { trial } from './trial.js'

trial('sixty people lose nothing while a node, a Redis Cluster and the database fail', RedisCluster, {
  'one node of the cluster was away': (_, n) => n === 1,
  'the whole cluster was away': () => true
})
