#!/bin/bash
# usage.sh SEPTET: wrong usage is told in one line, with exit status 2; help is complete. Needs no privileges.
septet=$1
failures=0

wrong()
{
    local text=$1 output status
    shift
    output=$(timeout 10 "$septet" "$@" 2>&1 </dev/null)
    status=$?
    if [ $status -ne 2 ] || [ "$(wc -l <<<"$output")" -ne 1 ] || ! grep -q -F -e "$text" <<<"$output"; then
        echo "FAILED: septet $*: status $status, expected '$text' in:"
        echo "$output"
        failures=$((failures + 1))
    fi
}

tap="--tap no-such-device-name --address 10.7.0.2/24"
wrong "expected --address" serve --tap tap0 --echo
wrong "expected something to serve" serve --tap tap0 --address 10.7.0.2/24
wrong "--address '10.7.0.2'" serve --tap tap0 --address 10.7.0.2 --echo
wrong "--address '10.7.0.2/33'" serve --tap tap0 --address 10.7.0.2/33 --echo
wrong "--address 'fd07::2/129'" serve --tap tap0 --address fd07::2/129 --echo
wrong "--address '0.0.0.0/8'" serve --tap tap0 --address 0.0.0.0/8 --echo
wrong "--address 'example.org/8'" serve --tap tap0 --address example.org/8 --echo
wrong "expected one link" serve --address 10.7.0.2/24 --echo
wrong "expected one link" serve --tap tap0 --tun tun0 --address 10.7.0.2/24 --echo
wrong "--mtu 100" serve --tap tap0 --address 10.7.0.2/24 --mtu 100 --echo
wrong "--mac '01:" serve --tap tap0 --address 10.7.0.2/24 --mac 01:00:00:00:00:01 --echo
wrong "--seed 'x'" serve --tap tap0 --address 10.7.0.2/24 --seed x --echo
wrong "--http-port 70000" serve --tap tap0 --address 10.7.0.2/24 --http . --http-port 70000
wrong "--echo 70000" serve --tap tap0 --address 10.7.0.2/24 --echo=70000
wrong "--connections 0" serve --tap tap0 --address 10.7.0.2/24 --echo --connections 0
wrong "--memory 'much'" serve --tap tap0 --address 10.7.0.2/24 --echo --memory much
wrong "1 to 15 characters" serve $tap --echo
wrong "expected options only" serve --tap tap0 --address 10.7.0.2/24 surplus --echo
wrong "--nonsense" serve --nonsense
wrong "expected a URL" fetch $tap
wrong "expected one URL" fetch $tap http://10.7.0.1/ http://10.7.0.1/
wrong "expected http://" fetch $tap ftp://10.7.0.1/
wrong "numeric address" fetch $tap http://example.org/
wrong "--continue needs" fetch $tap --continue http://10.7.0.1/
wrong "--timeout 0" fetch $tap --timeout 0 http://10.7.0.1/
wrong "expected one address" ping $tap
wrong "'here'" ping $tap here
wrong "-s 70000" ping $tap -s 70000 10.7.0.1
wrong "-i 0" ping $tap -i 0 10.7.0.1
wrong "1 to 15 characters" ping $tap 10.7.0.1

for command in serve fetch ping; do
    help=$("$septet" $command --help)
    status=$?
    for word in --tap --tun --address --gateway --mtu --mac --no-offload --pcap --seed "septet $command --tap" Exit; do
        if [ $status -ne 0 ] || ! grep -q -F -e "$word" <<<"$help"; then
            echo "FAILED: septet $command --help: status $status, no '$word'"
            failures=$((failures + 1))
        fi
    done
done
echo "$failures failed"
[ $failures -eq 0 ]
