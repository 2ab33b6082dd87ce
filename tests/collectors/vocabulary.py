"""What PowerShell 2.0 on .NET Framework 2.0 SP1 knows, as far as the collector may use it: all else is refused.

Cmdlets and parameters: PSScriptAnalyzer's list of Windows PowerShell 2.0 (`desktop-2.0-windows.json`, read for the
Management module; the Core and Utility modules by their help of 2.0). .NET types and members: the reference pages'
"applies to .NET Framework 2.0". Names are compared without case.
"""

_PATHS = "Path LiteralPath Filter Include Exclude"
COMMON = set(
    "verbose debug erroraction warningaction errorvariable warningvariable outvariable outbuffer".split()
)  # fmt: skip

CMDLETS = {
    "add-type": "AssemblyName TypeDefinition MemberDefinition Path",  # harmless.py allows AssemblyName alone
    "copy-item": f"{_PATHS} Destination Container Force Recurse PassThru",
    "export-csv": "Path InputObject Force NoClobber Encoding Delimiter UseCulture NoTypeInformation",
    "foreach-object": "Process Begin End InputObject",
    "format-table": "Property AutoSize HideTableHeaders Wrap GroupBy",
    "get-acl": f"{_PATHS} Audit",
    "get-childitem": f"{_PATHS} Recurse Force Name",
    "get-command": "Name Verb Noun Module CommandType TotalCount Syntax ArgumentList",
    "get-content": f"{_PATHS} ReadCount TotalCount Force Delimiter Wait Encoding",
    "get-culture": "",
    "get-date": "Date Year Month Day Hour Minute Second DisplayHint Format UFormat",
    "get-host": "",
    "get-item": f"{_PATHS} Force",
    "get-itemproperty": f"{_PATHS} Name",
    "get-location": "PSProvider PSDrive Stack StackName",
    "get-process": "Name Id ComputerName Module FileVersionInfo InputObject",
    "get-uiculture": "",
    "get-variable": "Name ValueOnly Include Exclude Scope",
    "get-wmiobject": "Class Property Filter Query Namespace List Recurse EnableAllPrivileges",
    "group-object": "Property NoElement AsHashTable AsString CaseSensitive InputObject Culture",
    "join-path": "Path ChildPath Resolve",
    "measure-object": "Property Sum Average Maximum Minimum Line Word Character IgnoreWhiteSpace InputObject",
    "move-item": f"{_PATHS} Destination Force PassThru",
    "new-item": "Path Name ItemType Value Force",
    "new-object": "TypeName ArgumentList ComObject Strict Property",
    "out-file": "FilePath Encoding Append Force NoClobber Width InputObject",
    "out-null": "InputObject",
    "out-string": "Stream Width InputObject",
    "read-host": "Prompt AsSecureString",
    "remove-item": f"{_PATHS} Recurse Force",
    "resolve-path": "Path LiteralPath Relative",
    "select-object": "Property ExcludeProperty ExpandProperty First Last Skip Unique Index InputObject",
    "set-acl": "Path AclObject Include Exclude",
    "set-content": f"{_PATHS} Value PassThru Force Encoding",
    "set-strictmode": "Version Off",
    "sort-object": "Property Descending Unique CaseSensitive Culture InputObject",
    "split-path": "Path LiteralPath Parent Qualifier NoQualifier Leaf Resolve IsAbsolute",
    "start-process": "FilePath ArgumentList WorkingDirectory LoadUserProfile NoNewWindow PassThru Verb Wait WindowStyle",
    "start-sleep": "Seconds Milliseconds",
    "test-path": f"{_PATHS} PathType IsValid",
    "where-object": "FilterScript InputObject",
    "write-error": "Message Exception ErrorRecord Category ErrorId",
    "write-host": "Object NoNewline Separator ForegroundColor BackgroundColor",
    "write-output": "InputObject",
    "write-progress": "Activity Status Id PercentComplete SecondsRemaining CurrentOperation ParentId Completed SourceId",
    "write-verbose": "Message",
    "write-warning": "Message",
}
"""Cmdlets and their parameters of version 2.0."""

ENCODINGS = set("unknown string unicode byte bigendianunicode utf8 utf7 utf32 ascii default oem".split())
VALUES = {"join-path": 2, "split-path": 1, "test-path": 1, "start-sleep": 1}
"""How many values a cmdlet takes without parameter names."""

VARIABLES = set(
    "_ $ ? ^ args confirmpreference consolefilename debugpreference error erroractionpreference errorview "
    "executioncontext false foreach formatenumerationlimit home host input lastexitcode matches myinvocation null ofs "
    "outputencoding pid profile progresspreference psboundparameters pscmdlet psculture pshome psuiculture "
    "psversiontable pwd shellid stacktrace this true verbosepreference warningpreference".split()
)  # fmt: skip
"""Automatic variables of 2.0; the others must be the script's own."""
NEWER_VARIABLES = set(
    "psscriptroot pscommandpath psitem psdefaultparametervalues psemailserver iswindows islinux ismacos iscoreclr "
    "psedition".split()
)  # fmt: skip

ATTRIBUTES = set(
    "cmdletbinding parameter alias validateset validaterange validatepattern validatelength validatecount "
    "validatenotnull validatenotnullorempty validatescript allownull allowemptystring allowemptycollection".split()
)  # fmt: skip

TYPES = {
    **dict.fromkeys(
        "adsi array bool byte char datetime decimal double float guid hashtable int int16 int32 int64 long object "
        "psobject ref regex scriptblock sbyte single string switch timespan type uint16 uint32 uint64 version void xml "
        "exception".split(),
        "",
    ),
    "array": "Copy IndexOf Reverse Sort Clear LastIndexOf",
    "bitconverter": "GetBytes ToInt16 ToInt32 ToInt64 ToUInt16 ToUInt32 ToUInt64 ToString IsLittleEndian",
    "buffer": "BlockCopy",
    "byte": "Parse MaxValue",
    "char": "IsDigit IsLetter IsLetterOrDigit IsWhiteSpace IsControl IsHighSurrogate IsLowSurrogate IsSurrogate",
    "collections.arraylist": "",
    "collections.generic.dictionary": "",
    "collections.generic.list": "",
    "collections.hashtable": "",
    "collections.idictionary": "",
    "collections.specialized.ordereddictionary": "",
    "console": "Write WriteLine OutputEncoding InputEncoding TreatControlCAsInput KeyAvailable ReadKey Out Error "
    "WindowWidth BufferWidth CursorLeft IsInputRedirected",
    "consolekey": "C",
    "convert": "ToString ToInt32 ToInt64 ToUInt32 ToByte ToBase64String",
    "datetime": "UtcNow Now Parse ParseExact MinValue",
    "datetimekind": "Utc Local Unspecified",
    "diagnostics.fileversioninfo": "GetVersionInfo",
    "diagnostics.process": "GetCurrentProcess Start",
    "diagnostics.processstartinfo": "",
    "diagnostics.stopwatch": "StartNew GetTimestamp Frequency",
    "environment": "MachineName OSVersion Version UserName UserDomainName SystemDirectory TickCount NewLine CurrentDirectory "
    "ExpandEnvironmentVariables GetEnvironmentVariable ProcessorCount",
    "globalization.cultureinfo": "InvariantCulture CurrentCulture CurrentUICulture InstalledUICulture",
    "globalization.datetimestyles": "AdjustToUniversal AssumeUniversal None RoundtripKind",
    "guid": "NewGuid",
    "int": "MaxValue MinValue Parse TryParse",
    "int32": "MaxValue MinValue Parse TryParse",
    "int64": "MaxValue MinValue Parse TryParse",
    "intptr": "Size Zero",
    "io.binaryreader": "",
    "io.binarywriter": "",
    "io.bufferedstream": "",
    "io.compression.compressionmode": "Compress Decompress",
    "io.compression.deflatestream": "",
    "io.compression.gzipstream": "",
    "io.directory": "Exists CreateDirectory GetFiles GetDirectories GetFileSystemEntries Delete GetCurrentDirectory GetParent",
    "io.directoryinfo": "",
    "io.driveinfo": "GetDrives",
    "io.file": "Exists Delete Move Open OpenRead OpenWrite Create ReadAllBytes ReadAllText ReadAllLines WriteAllBytes "
    "WriteAllText AppendAllText GetLastWriteTimeUtc GetCreationTimeUtc GetAttributes SetLastWriteTimeUtc Copy",
    "io.fileaccess": "Read Write ReadWrite",
    "io.fileattributes": "Directory ReparsePoint Hidden",
    "io.fileinfo": "",
    "io.filemode": "Open Create CreateNew Append OpenOrCreate Truncate",
    "io.fileshare": "Read ReadWrite Write None Delete",
    "io.filestream": "",
    "io.ioexception": "",
    "io.memorystream": "",
    "io.path": "Combine GetFileName GetFileNameWithoutExtension GetDirectoryName GetExtension GetFullPath GetPathRoot "
    "GetTempPath GetRandomFileName IsPathRooted GetInvalidFileNameChars DirectorySeparatorChar",
    "io.seekorigin": "Begin Current End",
    "io.stream": "Null",
    "io.streamreader": "",
    "io.streamwriter": "",
    "io.stringreader": "",
    "long": "MaxValue MinValue Parse TryParse",
    "management.managementdatetimeconverter": "ToDateTime",
    "math": "Abs Ceiling Floor Max Min Pow Round Truncate Sign",
    "microsoft.win32.registry": "LocalMachine GetValue",
    "net.ipaddress": "TryParse",  # reads text; harmless.py refuses the classes that connect
    "regex": "Escape IsMatch Match Matches Replace Split Unescape",
    "runtime.interopservices.marshal": "SizeOf GetLastWin32Error",
    "runtime.interopservices.runtimeenvironment": "GetSystemVersion",
    "security.accesscontrol.directorysecurity": "",
    "security.accesscontrol.filesystemaccessrule": "",
    "security.cryptography.sha256": "Create",
    "security.cryptography.sha256managed": "",
    "security.cryptography.hmacsha1": "",
    "security.cryptography.rngcryptoserviceprovider": "",
    "security.principal.securityidentifier": "",
    "security.principal.windowsbuiltinrole": "Administrator",
    "security.principal.windowsidentity": "GetCurrent",
    "security.principal.windowsprincipal": "",
    "string": "Join Format IsNullOrEmpty Compare Equals Concat Empty",
    "stringcomparison": "Ordinal OrdinalIgnoreCase InvariantCultureIgnoreCase",
    "stringcomparer": "OrdinalIgnoreCase Ordinal",
    "text.asciiencoding": "",
    "text.encoding": "ASCII UTF8 Unicode BigEndianUnicode Default GetEncoding UTF7 UTF32",
    "text.regularexpressions.regex": "Escape IsMatch Match Matches Replace Split Unescape",
    "text.regularexpressions.regexoptions": "None IgnoreCase Multiline Singleline Compiled CultureInvariant",
    "text.regularexpressions.matchevaluator": "",
    "text.stringbuilder": "",
    "text.utf8encoding": "",
    "text.unicodeencoding": "",
    "threading.thread": "Sleep CurrentThread",
    "timespan": "FromSeconds FromMilliseconds FromMinutes FromDays Zero",
    "timezone": "CurrentTimeZone",
    "uint32": "MaxValue Parse",
    "uint64": "MaxValue Parse",
    "valuetype": "",
    "version": "",
}
"""Types of .NET 2.0 and accelerators of PowerShell 2.0, with the static members that may be used."""

ARGUMENTS = {("io.path", "combine"): 2}  # more than two only since .NET 4
"""How many arguments a static method took in .NET 2.0, where newer ones take more."""

MEMBERS = set(
    # String, StringBuilder, Char
    "length chars substring tolower toupper tolowerinvariant toupperinvariant trim trimstart trimend split replace "
    "startswith endswith contains indexof lastindexof indexofany padleft padright insert remove tochararray append "
    "appendline appendformat capacity compareto equals gethashcode gettype tostring "
    # Array, ArrayList, List, Hashtable, Dictionary
    "add addrange clear count containskey containsvalue keys values item removeat sort reverse toarray getlength "
    "getvalue getenumerator movenext current rank binarysearch getupperbound name value key "
    # Stream, readers, writers
    "read readbyte write writebyte flush close seek position setlength tobytes canread canseek beginread endread "
    "iscompleted asyncwaithandle waitone basestream readline readtoend writeline peek autoflush getbuffer writeto "
    # files
    "fullname directoryname directory extension exists creationtimeutc lastwritetimeutc lastwritetime creationtime "
    "attributes getfiles getdirectories parent root availablefreespace totalfreespace drivetype isready "
    # Process
    "filename arguments workingdirectory useshellexecute createnowindow redirectstandardinput redirectstandardoutput "
    "redirectstandarderror standardinput standardoutput standarderror hasexited exitcode waitforexit kill id "
    "starttime mainmodule priorityclass environmentvariables standardoutputencoding processname "
    # FileVersionInfo
    "filemajorpart fileminorpart filebuildpart fileprivatepart fileversion productversion "
    # time
    "elapsed elapsedmilliseconds elapsedticks start stop reset totalseconds totalmilliseconds totalminutes totaldays "
    "totalhours seconds minutes hours days year month day hour minute second millisecond ticks touniversaltime "
    "tolocaltime addseconds addminutes adddays addhours addmilliseconds getutcoffset kind date "
    # encodings, hashes, random
    "getbytes getbytecount getstring getchars computehash transformblock transformfinalblock hash nextbytes codepage webname "
    "initialize hashsize "
    # regular expressions
    "groups success captures index ismatch match matches result "
    # errors
    "exception message innerexception invocationinfo positionmessage scriptlinenumber categoryinfo "
    # rights to a folder
    "setaccessruleprotection addaccessrule "
    # culture, version, environment, identity
    "major minor build revision oemcodepage ansicodepage textinfo displayname psversion isinrole user sid platform "
    "version lcid tostring getcurrent "
    # the shell
    "ui rawui windowsize width mycommand definition path windowtitle bufferize privatedata "
    # WMI
    "psbase properties processid executablepath commandline handlecount creationdate lastbootuptime systemuptime caption "
    # registry, read only
    "psiscontainer providerpath sessionstate opensubkey getvaluenames getsubkeynames".split()
)  # fmt: skip
"""Members of objects; static analysis cannot tell of which type, so each must be in .NET 2.0 wherever it occurs."""

OPERATORS = set(
    "-eq -ne -gt -ge -lt -le -like -notlike -match -notmatch -contains -notcontains -replace -split -join -is -isnot "
    "-as -and -or -xor -not ! -band -bor -bxor -bnot -f -ceq -cne -cgt -cge -clt -cle -clike -cnotlike -cmatch "
    "-cnotmatch -ccontains -cnotcontains -creplace -csplit -ieq -ine -igt -ige -ilt -ile -ilike -inotlike -imatch "
    "-inotmatch -icontains -inotcontains -ireplace -isplit + - * / % = += -= *= /= %= ++ -- .. , . :: ; : ( ) [ ] { } "
    "$( @( @{ | & > >> 2> 2>> 2>&1 1>&2 $$ $? $^ $_ -regex -wildcard -exact -casesensitive if else elseif switch for "
    "foreach in while do until function filter param begin process end return break continue throw exit try catch "
    "finally trap dynamicparam".split()
) | {" ", "", '"', "'", '""', "''", "$"}  # fmt: skip
"""Tokens of the language of 2.0."""

NEWER_CONSTRUCTS = {
    "class_statement": "classes came with 5.0",
    "enum_statement": "enums came with 5.0",
    "pipeline_chain_tail": "&& and || came with 7.0",
    "data_statement": "a data section is not needed",
    "parallel_statement": "workflows came with 3.0",
    "sequence_statement": "workflows came with 3.0",
    "inlinescript_statement": "workflows came with 3.0",
    "stop_parsing": "--% came with 3.0",
    "invokation_foreach_expression": ".ForEach() came with 4.0",
    "foreach_parameter": "foreach -parallel came with 3.0",
    "class_attribute": "classes came with 5.0",
}

CONSTRUCTS = set(
    "additive_argument_expression additive_expression argument_expression argument_expression_list argument_list "
    "array_expression array_literal_expression array_type_name assignement_operator assignment_expression "
    "attribute attribute_argument attribute_arguments attribute_list attribute_name bitwise_argument_expression "
    "bitwise_expression block_name braced_variable cast_expression catch_clause catch_clauses catch_type_list "
    "command command_argument_sep command_elements command_invokation_operator command_name command_name_expr "
    "command_parameter comment comparison_argument_expression comparison_expression comparison_operator "
    "decimal_integer_literal dimension do_statement element_access else_clause elseif_clause elseif_clauses "
    "empty_statement expandable_here_string_literal expandable_string_literal expression_with_unary_operator "
    "file_redirection_operator finally_clause flow_control_statement for_condition for_initializer for_iterator "
    "for_statement foreach_statement format_argument_expression format_expression format_operator function_name "
    "function_parameter_declaration function_statement generic_token generic_type_arguments generic_type_name "
    "hash_entry hash_literal_body hash_literal_expression hexadecimal_integer_literal if_statement "
    "integer_literal invokation_expression key_expression label label_expression left_assignment_expression "
    "logical_argument_expression logical_expression member_access member_name merging_redirection_operator "
    "multiplicative_argument_expression multiplicative_expression named_block named_block_list param_block "
    "parameter_list parenthesized_expression path_command_name path_command_name_token pipeline pipeline_chain "
    "post_decrement_expression post_increment_expression pre_decrement_expression pre_increment_expression "
    "program range_argument_expression range_expression real_literal redirected_file_name redirection "
    "redirections script_block script_block_body script_block_expression script_parameter "
    "script_parameter_default simple_name statement_block statement_list string_literal sub_expression "
    "switch_body switch_clause switch_clause_condition switch_clauses switch_condition switch_filename "
    "switch_parameter switch_parameters switch_statement trap_statement try_statement type_identifier "
    "type_literal type_name type_spec unary_expression variable verbatim_here_string_characters "
    "verbatim_string_characters while_condition while_statement".split()
)  # fmt: skip
"""Kinds of nodes of the grammar that version 2.0 knows as well; what a newer grammar adds is refused."""
