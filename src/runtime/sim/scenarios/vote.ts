/**
 * @module Machines that vote for the first candidate they hear of in a round, lose their power and come back. A vote must be
 * on disk before it leaves, or a machine that forgot it votes again, for another. Planted: it leaves first.
 */
import type {ActorSpec} from '../../actor.js';
import type {Scenario} from '../explore.js';
import type {MachineLife, Program} from '../machine.js';

type Packet = {readonly kind: 'candidate'; readonly round: number; readonly name: string};
type VoterMessage = {readonly type: 'voter.hear'; readonly round: number; readonly name: string} | {readonly type: 'voter.voted'; readonly round: number; readonly name: string};

const VOTERS = ['voter-a', 'voter-b', 'voter-c'];
const CANDIDATES = ['red', 'blue'];
const ROUNDS = 4;

export function voteScenario(isPlanted: boolean): Scenario {
  return {
    name: isPlanted ? 'planted-vote' : 'vote',
    async run(simulation) {
      /** What left each machine, by voter and round. */
      const left = new Map<string, Set<string>>();
      simulation.monitor({
        name: 'a voter votes once a round',
        check: () => {
          for (const [vote, names] of left) if (names.size > 1) return `${vote}: ${[...names].join(' and ')}`;
          return undefined;
        },
      });
      const network = simulation.network<Packet>({delayMs: {min: 1, max: 30}, isOrdered: false});
      const voters = VOTERS.map((name) => simulation.machine(network, {name, program: voterProgram(left, isPlanted)}));
      for (const name of CANDIDATES) network.join(name, () => undefined);
      for (const voter of voters) voter.start();
      for (let round = 1; round <= ROUNDS; round += 1) {
        for (const name of CANDIDATES) for (const voter of VOTERS) network.send(name, voter, {kind: 'candidate', round, name});
        await simulation.advance(simulation.decide(20));
        const victim = voters[simulation.decide(voters.length)]!;
        victim.crash();
        await simulation.advance(simulation.decide(10));
        victim.start();
        for (const name of CANDIDATES) network.send(name, victim.name, {kind: 'candidate', round, name});
      }
      await simulation.advance(200);
    },
  };
}

function voterProgram(left: Map<string, Set<string>>, isPlanted: boolean): Program<Packet> {
  return (life) => {
    const voter = life.system.spawn(voterSpec(life, left, isPlanted), {name: 'voter'});
    life.onReceive((_from, {round, name}) => {
      voter.tell({type: 'voter.hear', round, name});
    });
  };
}

function voterSpec(life: MachineLife<Packet>, left: Map<string, Set<string>>, isPlanted: boolean): ActorSpec<VoterMessage> {
  const publish = (round: number, name: string): void => {
    const vote = `${life.name} in round ${round}`;
    left.set(vote, (left.get(vote) ?? new Set<string>()).add(name));
  };
  return {
    protocol: {kind: 'voter', mailbox: {capacity: 64, policy: 'refuse'}},
    create: () => ({
      receive: ({type, round, name}, ctx) => {
        if (type === 'voter.voted') {
          publish(round, name);
          return;
        }
        if (life.disk.read(`vote ${round}`) !== undefined) return;
        life.disk.write(`vote ${round}`, new TextEncoder().encode(name));
        if (isPlanted) publish(round, name);
        ctx.pipeToSelf(life.disk.flush(), (): VoterMessage => ({type: 'voter.voted', round, name}), (): VoterMessage => ({type: 'voter.hear', round, name}));
      },
    }),
  };
}
