/**
 * @module A client that repeats an order until it is confirmed, over a network that loses, delays and doubles. Planted: the
 * server does not remember which orders it has carried out (a double delivery).
 */
import type {ActorSpec} from '../../actor.js';
import type {Scenario} from '../explore.js';
import {InvariantViolation} from '../invariant.js';
import type {MachineLife, Program} from '../machine.js';

type Packet = {readonly kind: 'order'; readonly id: number} | {readonly kind: 'confirmation'; readonly id: number};
type ClientMessage = {readonly type: 'client.send'} | {readonly type: 'client.confirmed'; readonly id: number};
type ServerMessage = {readonly type: 'server.carryOut'; readonly id: number; readonly client: string};

const ORDERS = 4;
const REPEAT_MS = 40;
const LONG_ENOUGH_MS = 20_000;

export function deliveryScenario(isPlanted: boolean): Scenario {
  return {
    name: isPlanted ? 'planted-delivery' : 'delivery',
    async run(simulation) {
      const done: number[] = [];
      const confirmed = new Set<number>();
      simulation.monitor({
        name: 'each order is carried out once',
        check: () => (new Set(done).size === done.length ? undefined : `orders carried out: ${done.join(', ')}`),
      });
      const network = simulation.network<Packet>({delayMs: {min: 1, max: 60}, lossPpm: 100_000, duplicatePpm: 50_000, isOrdered: false});
      simulation.machine(network, {name: 'server', program: serverProgram(done, isPlanted)}).start();
      simulation.machine(network, {name: 'client', program: clientProgram(confirmed)}).start();
      if (!await simulation.runUntil(() => confirmed.size === ORDERS, LONG_ENOUGH_MS)) {
        throw new InvariantViolation('every order is confirmed', `${confirmed.size} of ${ORDERS} after ${LONG_ENOUGH_MS} ms`);
      }
    },
  };
}

function serverProgram(done: number[], isPlanted: boolean): Program<Packet> {
  return (life) => {
    const server = life.system.spawn<ServerMessage>({
      protocol: {kind: 'server', mailbox: {capacity: 256, policy: 'refuse'}},
      create: () => {
        const known = new Set<number>();
        return {
          receive: ({id, client}) => {
            if (isPlanted || !known.has(id)) done.push(id);
            known.add(id);
            life.send(client, {kind: 'confirmation', id});
          },
        };
      },
    }, {name: 'server'});
    life.onReceive((from, packet) => {
      if (packet.kind === 'order') server.tell({type: 'server.carryOut', id: packet.id, client: from});
    });
  };
}

function clientProgram(confirmed: Set<number>): Program<Packet> {
  return (life) => {
    const client = life.system.spawn(clientSpec(life, confirmed), {name: 'client'});
    life.onReceive((_from, packet) => {
      if (packet.kind === 'confirmation') client.tell({type: 'client.confirmed', id: packet.id});
    });
  };
}

function clientSpec(life: MachineLife<Packet>, confirmed: Set<number>): ActorSpec<ClientMessage> {
  return {
    protocol: {kind: 'client', mailbox: {capacity: 256, policy: 'refuse'}},
    create: (ctx) => {
      ctx.timers.every('repeat', REPEAT_MS, {type: 'client.send'});
      const sendNext = (): void => {
        if (confirmed.size < ORDERS) life.send('server', {kind: 'order', id: confirmed.size});
      };
      sendNext();
      return {
        receive: (message) => {
          if (message.type === 'client.confirmed') confirmed.add(message.id);
          sendNext();
        },
      };
    },
  };
}
