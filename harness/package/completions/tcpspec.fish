# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_tcpspec_global_optspecs
    string join \n exact skip= list include-ignored ignored test-threads= format= q/quiet color= target= seed= level= ledger= cases= fault= out= pcap= shard= rerun-failed= repeat= until-fail summary= annotations= h/help V/version
end

function __fish_tcpspec_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_tcpspec_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_tcpspec_using_subcommand
    set -l cmd (__fish_tcpspec_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c tcpspec -n "__fish_tcpspec_needs_command" -l skip -d 'Leave out the trials whose id contains this (may be repeated)' -r
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l test-threads -d 'Run at most so many trials at once' -r
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l format -d 'Form of the test output' -r -f -a "pretty\t'One line for each trial'
terse\t'One character for each trial'
json\t'One JSON object for each event'
tap\t'KTAP version 1, as kernel tests print it'"
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l color -l colour -d 'When to colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l target -d 'The target: `kernel`, `smoltcp` (in this process, on virtual time), or the profile of a device' -r
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l seed -d 'Ports, initial sequence numbers and payloads follow from it; hexadecimal, random otherwise' -r
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l level -d 'Violations of this level and above fail the run' -r
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l ledger -d 'The target\'s known deviations; the built-in one for `kernel` and `smoltcp` otherwise, `none` for none' -r
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l cases -d 'Read the cases of this directory instead of the built-in ones' -r -F
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l fault -d 'Put this fault between bench and target, to see what a case makes of it; not with a device' -r
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l out -d 'Leave the evidence of the run in this directory: run.jsonl, junit.xml and pcap/. What an earlier run left there is replaced' -r -F
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l pcap -d 'Which trials have their packets written to DIR/pcap' -r -f -a "fail\t'Those in which something was found'
all\t'Every one that was run'
none\t'None'"
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l shard -d 'Run a share of the trials, the Kth of N; `tcpspec merge` makes one run of the shares again' -r
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l rerun-failed -d 'Run only what was red in the run that left its evidence in this directory, with the same seed' -r -F
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l repeat -d 'Run everything N times, each time with a seed of its own; the worst decides' -r
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l summary -d 'Write DIR/summary.md too, and add it to the summary page of the pipeline, where $GITHUB_STEP_SUMMARY names one' -r -f -a "markdown\t'GitHub\'s dialect, which GitLab reads as well'"
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l annotations -d 'Print what is red so that the pipeline shows it at the case\'s line' -r -f -a "github\t'GitHub\'s workflow commands'"
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l exact -d 'Filters and skips name whole ids'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l list -d 'List the trials instead of running them'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l include-ignored -d 'Run the slow trials too'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l ignored -d 'Run only the slow trials; with `--list`, how long each takes stands on standard error'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -s q -l quiet -d 'The same as --format terse'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -l until-fail -d 'Stop at the first run that is not green; without --repeat, run until there is one'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -s V -l version -d 'Print version'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "run" -d 'Run the suite (the default)'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "explain" -d 'Say what requirements, cases, trials, findings or faults are about'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "baseline" -d 'Run the suite, and write a ledger with which that run is green'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "doctor" -d 'Say whether this bench can judge a target, here and now, and what mends it if not'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "check" -d 'Check case, profile and ledger files without running anything'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "cases" -d 'Give the built-in cases away'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "coverage" -d 'Say which cases show each requirement, and what has none'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "compare" -d 'Say what is otherwise in one run than in another; red only if a trial fails that did not'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "report" -d 'Write one HTML file about one or more runs'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "merge" -d 'Make one run of the shares of a run: what each left behind with `--shard K/N --out DIR`'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "faults" -d 'Prove that every case can fail: run it under the faults that it names'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "audit" -d 'Look at a real server from an operator\'s side'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "states" -d 'Count the TCP connections of this machine (or namespace) by state'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "schema" -d 'Print what a file looks like, as JSON Schema (draft-07), for editors'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "man" -d 'Print the manual page of the program, or of one of its commands'
complete -c tcpspec -n "__fish_tcpspec_needs_command" -a "completions" -d 'Print completions for a shell'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l skip -d 'Leave out the trials whose id contains this (may be repeated)' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l test-threads -d 'Run at most so many trials at once' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l format -d 'Form of the test output' -r -f -a "pretty\t'One line for each trial'
terse\t'One character for each trial'
json\t'One JSON object for each event'
tap\t'KTAP version 1, as kernel tests print it'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l color -l colour -d 'When to colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l target -d 'The target: `kernel`, `smoltcp` (in this process, on virtual time), or the profile of a device' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l seed -d 'Ports, initial sequence numbers and payloads follow from it; hexadecimal, random otherwise' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l level -d 'Violations of this level and above fail the run' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l ledger -d 'The target\'s known deviations; the built-in one for `kernel` and `smoltcp` otherwise, `none` for none' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l cases -d 'Read the cases of this directory instead of the built-in ones' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l fault -d 'Put this fault between bench and target, to see what a case makes of it; not with a device' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l out -d 'Leave the evidence of the run in this directory: run.jsonl, junit.xml and pcap/. What an earlier run left there is replaced' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l pcap -d 'Which trials have their packets written to DIR/pcap' -r -f -a "fail\t'Those in which something was found'
all\t'Every one that was run'
none\t'None'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l shard -d 'Run a share of the trials, the Kth of N; `tcpspec merge` makes one run of the shares again' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l rerun-failed -d 'Run only what was red in the run that left its evidence in this directory, with the same seed' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l repeat -d 'Run everything N times, each time with a seed of its own; the worst decides' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l summary -d 'Write DIR/summary.md too, and add it to the summary page of the pipeline, where $GITHUB_STEP_SUMMARY names one' -r -f -a "markdown\t'GitHub\'s dialect, which GitLab reads as well'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l annotations -d 'Print what is red so that the pipeline shows it at the case\'s line' -r -f -a "github\t'GitHub\'s workflow commands'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l exact -d 'Filters and skips name whole ids'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l list -d 'List the trials instead of running them'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l include-ignored -d 'Run the slow trials too'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l ignored -d 'Run only the slow trials; with `--list`, how long each takes stands on standard error'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -s q -l quiet -d 'The same as --format terse'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -l until-fail -d 'Stop at the first run that is not green; without --repeat, run until there is one'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand explain" -l cases -d 'Read the cases of this directory instead of the built-in ones' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand explain" -s h -l help -d 'Print help'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l skip -d 'Leave out the trials whose id contains this (may be repeated)' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l test-threads -d 'Run at most so many trials at once' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l format -d 'Form of the test output' -r -f -a "pretty\t'One line for each trial'
terse\t'One character for each trial'
json\t'One JSON object for each event'
tap\t'KTAP version 1, as kernel tests print it'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l color -l colour -d 'When to colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l target -d 'The target: `kernel`, `smoltcp` (in this process, on virtual time), or the profile of a device' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l seed -d 'Ports, initial sequence numbers and payloads follow from it; hexadecimal, random otherwise' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l level -d 'Violations of this level and above fail the run' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l ledger -d 'The target\'s known deviations; the built-in one for `kernel` and `smoltcp` otherwise, `none` for none' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l cases -d 'Read the cases of this directory instead of the built-in ones' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l fault -d 'Put this fault between bench and target, to see what a case makes of it; not with a device' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l out -d 'Leave the evidence of the run in this directory: run.jsonl, junit.xml and pcap/. What an earlier run left there is replaced' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l pcap -d 'Which trials have their packets written to DIR/pcap' -r -f -a "fail\t'Those in which something was found'
all\t'Every one that was run'
none\t'None'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l shard -d 'Run a share of the trials, the Kth of N; `tcpspec merge` makes one run of the shares again' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l rerun-failed -d 'Run only what was red in the run that left its evidence in this directory, with the same seed' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l repeat -d 'Run everything N times, each time with a seed of its own; the worst decides' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l summary -d 'Write DIR/summary.md too, and add it to the summary page of the pipeline, where $GITHUB_STEP_SUMMARY names one' -r -f -a "markdown\t'GitHub\'s dialect, which GitLab reads as well'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l annotations -d 'Print what is red so that the pipeline shows it at the case\'s line' -r -f -a "github\t'GitHub\'s workflow commands'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l write -d 'Where to write the ledger' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l exact -d 'Filters and skips name whole ids'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l list -d 'List the trials instead of running them'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l include-ignored -d 'Run the slow trials too'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l ignored -d 'Run only the slow trials; with `--list`, how long each takes stands on standard error'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -s q -l quiet -d 'The same as --format terse'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l until-fail -d 'Stop at the first run that is not green; without --repeat, run until there is one'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -l force -d 'Write it even where there is such a file'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand baseline" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand doctor" -l target -d 'The target: `kernel`, `smoltcp`, or the profile of a device' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand doctor" -l format -d 'How to print it' -r -f -a "text\t'A line for each check'
json\t'One JSON object on one line'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand doctor" -l color -l colour -d 'When to colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand check" -l cases -d 'Read the cases of this directory instead of the built-in ones' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand check" -l target -d 'Check this profile too' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand check" -l ledger -d 'Check this ledger too' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand check" -s h -l help -d 'Print help'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand cases; and not __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand cases; and not __fish_seen_subcommand_from export" -f -a "export" -d 'Write them to a directory: `--cases DIR` then runs what you make of them'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand cases; and __fish_seen_subcommand_from export" -l force -d 'Write there even where it is not empty, and replace files of the same names'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand cases; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand coverage" -l format -d 'How to print it' -r -f -a "text\t'For people'
json\t'One JSON object on one line'
markdown\t'Tables, as `ci/coverage.md` has them'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand coverage" -l cases -d 'Read the cases of this directory instead of the built-in ones' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand coverage" -l results -d 'Tell the verdicts of this run too: what `tcpspec --format json` printed' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand coverage" -l all -d 'List the requirements of other RFCs than 9293 too; a gap among them, or in TC8, is red as well'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand coverage" -l tc8 -d 'The cases of the automotive TC8 specification instead (this is no certification)'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand coverage" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand compare" -l format -d 'How to print it' -r -f -a "text\t'For people'
markdown\t'For a comment on a change'
json\t'One JSON object'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand compare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand report" -s o -l output -d 'The file to write' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand report" -s h -l help -d 'Print help'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand merge" -l out -d 'Leave the evidence of the whole run in this directory. What an earlier run left there is replaced' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand merge" -l summary -d 'Write DIR/summary.md too, and add it to the summary page of the pipeline, where $GITHUB_STEP_SUMMARY names one' -r -f -a "markdown\t'GitHub\'s dialect, which GitLab reads as well'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand merge" -l annotations -d 'Print what is red so that the pipeline shows it at the case\'s line' -r -f -a "github\t'GitHub\'s workflow commands'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand merge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand faults" -l fault -d 'Only this fault (may be repeated)' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand faults" -l target -d 'Where the cases are run; the kernel runs what is not proven on virtual time' -r -f -a "kernel\t'This machine\'s kernel'
smoltcp\t'smoltcp on virtual time'
both\t'First smoltcp, then the kernel'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand faults" -l json -d 'Write everything that is known as JSON' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand faults" -l seed -d 'As for `run`' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand faults" -l cases -d 'Read the cases of this directory instead of the built-in ones' -r -F
complete -c tcpspec -n "__fish_tcpspec_using_subcommand faults" -l all -d 'Each case under every fault, not only under its own'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand faults" -l include-ignored -d 'Run slow trials on the kernel too; on virtual time they always are'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand faults" -l list -d 'List the cases with their faults instead of running them'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand faults" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand audit; and not __fish_seen_subcommand_from close-wait" -s h -l help -d 'Print help'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand audit; and not __fish_seen_subcommand_from close-wait" -f -a "close-wait" -d 'How long does a server leave connections half-closed after its peer has closed?'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand audit; and __fish_seen_subcommand_from close-wait" -l target -d 'The server' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand audit; and __fish_seen_subcommand_from close-wait" -l connections -d 'How many connections, side by side' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand audit; and __fish_seen_subcommand_from close-wait" -l within -d 'The longest that a server may take' -r
complete -c tcpspec -n "__fish_tcpspec_using_subcommand audit; and __fish_seen_subcommand_from close-wait" -l format -d 'How to print it' -r -f -a "text\t'For people: aligned, at most 80 columns, no colours'
json\t'One JSON object on one line'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand audit; and __fish_seen_subcommand_from close-wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand states" -l format -d 'How to print it' -r -f -a "text\t'For people: aligned, at most 80 columns, no colours'
json\t'One JSON object on one line'"
complete -c tcpspec -n "__fish_tcpspec_using_subcommand states" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand man" -s h -l help -d 'Print help'
complete -c tcpspec -n "__fish_tcpspec_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
