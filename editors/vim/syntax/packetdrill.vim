" packetdrill scripts (docs/drill.md of Septet)
if exists('b:current_syntax')
  finish
endif
syntax case match
syntax keyword packetdrillCall accept accept4 bind cap_set close connect epoll_create epoll_create1 epoll_ctl
syntax keyword packetdrillCall epoll_wait fcntl getsockopt ioctl listen open pipe poll read readv recv recvfrom
syntax keyword packetdrillCall recvmsg send sendfile sendmsg sendto setsockopt shutdown socket splice write
syntax keyword packetdrillCall writev
syntax keyword packetdrillTcpOption contained AccECN0 AccECN1 ECN FO FOEXP TS eol md5 mss nop raw sack sackOK
syntax keyword packetdrillTcpOption contained wscale
syntax match packetdrillTcpOption /\<\%(gen-\d\+\|exp-\x\{4}\)/ contained
syntax match packetdrillSetting /--\%(bind_port\|connect_port\|define\|dry_run\|init_scripts\|ip_version\|is_anyip\|local_ip\|mtu\|netmask_ip\|non_fatal\|profile\|remote_ip\|strict_segments\|tcp_ts_ecr_scaled\|tcp_ts_tick_usecs\|tolerance_percent\|tolerance_usecs\|verbose\)\>/
syntax match packetdrillSymbol /\<[A-Z][A-Z0-9_]\+\>/
syntax match packetdrillTime /^\s*[+*]\?\d*\.\?\d*\%(\%(\~\|\.\.\.\)+\?\d*\.\?\d*\)\?\ze\s/
syntax match packetdrillInbound /\s\zs<\ze\s/
syntax match packetdrillOutbound /\s\zs>\ze\s/
syntax match packetdrillSequence /\<\d\+:\d\+(\d\+)/
syntax match packetdrillCondition /^#\%(ifdef\|endif\)\>.*/
syntax region packetdrillOptions start=/<\ze[A-Za-z.]/ end=/>/ oneline contains=packetdrillTcpOption
syntax region packetdrillString start=/"/ skip=/\\"/ end=/"/
syntax region packetdrillCommand start=/`/ end=/`/
syntax region packetdrillPython start=/%{/ end=/}%/
syntax match packetdrillComment +//.*+
syntax region packetdrillComment start=+/\*+ end=+\*/+
highlight default link packetdrillCall Function
highlight default link packetdrillTcpOption Type
highlight default link packetdrillOptions Normal
highlight default link packetdrillSetting PreProc
highlight default link packetdrillSymbol Constant
highlight default link packetdrillTime Number
highlight default link packetdrillInbound Statement
highlight default link packetdrillOutbound Keyword
highlight default link packetdrillSequence Number
highlight default link packetdrillCondition PreProc
highlight default link packetdrillString String
highlight default link packetdrillCommand Special
highlight default link packetdrillPython Special
highlight default link packetdrillComment Comment
let b:current_syntax = 'packetdrill'
