/* kills.pml - processes of which any may be killed between any two steps, for the models of csrc/shm.
 *
 *   STEP(me, x)    one step of process `me`, before which it may be killed. Nothing in it may block
 *   MORTAL(me)     inside a STEP: it may be killed here too. So what only the holder of a lock can see is one
 *                  step for all others, and several for the kill
 *   left           how many have neither ended nor been killed
 *   DEAD(i)        what the kernel says (ac_peer_is_dead): never true of a living one
 *
 * The including model defines before it PARTIES, KILLS, and at_death(i): what is no more when the kernel has ended
 * process i, and what the kernel does then. That is one step with the kill. Each process has a label `dying`
 * before its end; process PARTIES, the witness, is never killed. How many kills there are is chosen at the start, from none
 * to KILLS: so one that waits for ever is seen though more might have been killed.
 */
byte kills;
byte killed_in_all;
byte left = PARTIES;
bool killed[PARTIES + 1];

#define DEAD(i) (killed[i])

/* A process ends with `dying: atomic { die(me) }`. */
inline die(me) {
    kills--;
    killed_in_all++;
    left--;
    killed[me] = true;
    at_death(me);
    forget_locals()
}

#define MORTAL(me) if :: me != PARTIES && kills > 0 -> goto dying :: true fi
#define STEP(me, x) atomic { MORTAL(me); x }

inline choose_kills() {
    atomic {
        do
        :: kills < KILLS -> kills++
        :: true -> break
        od
    }
}
